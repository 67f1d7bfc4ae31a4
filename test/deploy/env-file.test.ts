import { describe, expect, it } from 'vitest'
import { readConfig } from '../../scripts/deploy/config.ts'
import { readEnvFile } from '../../scripts/deploy/env-file.ts'
import { workFile, workFolder } from './processes.ts'

const envFile = (content: string | Buffer): string => workFile('.env', content)

describe('--env-file', () => {
  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['a byte-order mark', '\ufeffLINK_ENFORCE_MFA=always\n', { LINK_ENFORCE_MFA: 'always' }],
    ['lines of Windows', 'A=1\r\n\r\n# so\r\nB="2"\r\n', { A: '1', B: '2' }],
    ['blanks and tabs around', '  A =\t1  \n\tB= 2\t', { A: '1', B: '2' }],
    ['export', 'export A=1\nexport  B=2', { A: '1', B: '2' }],
    [
      'every quote',
      `A="x y"\nB='a "b" #c'\nC=\`it's\`\nD=""`,
      {
        A: 'x y',
        B: 'a "b" #c',
        C: "it's",
        D: '',
      },
    ],
    [
      'comments',
      '# A=1\n  # B=2\nC=3 # three\nD="4" # four\nE= # none\nF=5 #',
      {
        C: '3',
        D: '4',
        E: '',
        F: '5',
      },
    ],
    ['an = in the value, and quotes inside', 'A=b=c\nB=a"b"', { A: 'b=c', B: 'a"b"' }],
    ['names of others', 'my.name-1=x\nlower=y', { 'my.name-1': 'x', lower: 'y' }],
    ['comments behind comments', '# A\n  # B=2\n # C\nD=1', { D: '1' }],
    ['blanks for a value', 'A=  \nB=2', { A: '', B: '2' }],
    ['nothing', '', {}],
  ])('reads %s', (_, text, variables) => {
    expect(readEnvFile(envFile(text))).toEqual({ variables })
  })

  it.each<[string, string, RegExp]>([
    ['a second byte-order mark', '\ufeff\ufeffLINK_ENFORCE_MFA=always', /line 1: .*cannot be seen/],
    ['a colon', 'A=1\nLINK_ENFORCE_MFA: always', /line 2: a colon is no =; write NAME=value$/],
    ['a colon before an =', 'LINK_NESTED_PARAMS: prompt=login', /line 1: a colon is no =/],
    ['set', '\nset LINK_ENFORCE_MFA=always', /line 2: set is for .*Windows/],
    ['PowerShell', '$env:LINK_ENFORCE_MFA="always"', /line 1: \$env: is for PowerShell/],
    ['a no-break space behind the name', 'LINK_ENFORCE_MFA\u00a0=always', /line 1: .*no-break/],
    ['a no-break space before it', '\u00a0LINK_ENFORCE_MFA=always', /line 1: .*no-break/],
    ['a no-break space in a value', 'LINK_ENFORCE_MFA=\u00a0always', /line 1: .*no-break/],
    ['a mark of direction', 'LINK_ENFORCE_MFA=\u202ealways', /line 1: .*cannot be seen/],
    ['a name without =', '# so\nLINK_ENFORCE_MFA', /line 2: it has no =; write NAME=value/],
    ['a value without a name', '=always\nB=2', /line 1: no name stands before its =/],
    ['a lower-case setting', 'link_enforce_mfa=always', /line 1: names .* capitals/],
    ['a setting with hyphens', 'LINK-ENFORCE-MFA=always', /line 1: names .* capitals/],
    ['lower-case credentials', 'auth0_domain=x', /line 1: names .* capitals/],
    ['export and a tab', 'export\tLINK_ENFORCE_MFA=always', /line 1: behind export/],
    ['an open quote that takes the next lines', 'A="x\nLINK_ENFORCE_MFA=always\nC="y"', /line 1: /],
    ['an open quote', "A=1\nB='x\nC=2", /line 2: its quote is not closed in this line/],
    ['something behind a quote', 'A="x"y', /line 1: something stands behind the closing quote/],
    ['a quote inside its own kind', "A='it's'", /line 1: something stands behind/],
    ['an escaped quote', 'A="x\\"y"', /line 1: something stands behind/],
    ['an unquoted #', 'LINK_ACTION_SECRET=abc#def', /line 1: a # begins a comment; quote/],
    ['an unquoted # at the beginning', 'LINK_ACTION_SECRET=#abc', /line 1: a # begins/],
    ['an unquoted # behind a blank', 'LINK_ACTION_SECRET=abc #def', /line 1: a # begins/],
    ['the same name twice', 'A=1\n\nexport A=2', /line 3: it sets again what line 1 sets/],
    ['lines of an old Macintosh', 'A=1\rLINK_ENFORCE_MFA=always', /line 1: .*save it with LF/],
    ['a comment that hides a line', '# A\rLINK_ENFORCE_MFA=always', /line 1: .*save it with LF/],
    ['a line separator', '# A\u2028LINK_ENFORCE_MFA=always', /line 1: .*save it with LF/],
    ['what Node reads as another name', 'A=1\nexport LINK_DEBUG=', /line 2: it is not read as/],
    ['a name that Node does not keep', '__proto__=x', /line 1: it is not read as/],
    ['a NUL', 'A=\0', /line 1: .*cannot be seen/],
  ])('refuses %s by its line', (_, text, problem) => {
    const read = readEnvFile(envFile(text))
    expect(read).toEqual({ problem: expect.stringMatching(problem) })
    expect(JSON.stringify(read)).not.toMatch(/always|abc|def/)
  })

  it('refuses UTF-16, which editors of Windows write, and a folder', () => {
    const utf16 = Buffer.from('\ufeffLINK_ENFORCE_MFA=always\n', 'utf16le')
    expect(readEnvFile(envFile(utf16))).toEqual({ problem: expect.stringContaining('UTF-8') })
    expect(readEnvFile(workFolder())).toEqual({
      problem: expect.stringContaining('cannot be read'),
    })
  })

  it('is judged before anything else of the run', () => {
    const who = { AUTH0_DOMAIN: 'tenant.example.com', AUTH0_ACCESS_TOKEN: 'token' }
    const file = envFile('LINK_ENFORCE_MFA: always\n')
    expect(readConfig(['--env-file', file], who)).toEqual({
      problem: `--env-file ${file}, line 1: a colon is no =; write NAME=value`,
    })
  })
})
