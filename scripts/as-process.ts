/**
 * A command as the process that it is: its exit code, and its end. Ends the process; a command that
 * gives no code goes on until it is stopped.
 */
/** Exit code; `undefined`: the process goes on. */
export type Ending = number | undefined

export async function endWith(command: Promise<Ending>): Promise<void> {
  // Who stops reading (`| head`) does not stop a deployment half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const code = await command
  // The SDK leaves the timer of a failed call running: do not wait for it.
  if (code !== undefined) process.stdout.write('', () => process.exit(code))
}

/** What went wrong, in one line on stderr, with exit code 1. */
export async function tellFailure(name: string, command: Promise<Ending>): Promise<Ending> {
  try {
    return await command
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    // esbuild says on the second line what the first one counts.
    console.error(`${name}: ${text.split('\n').slice(0, 2).join(' ')}`)
    return 1
  }
}
