/**
 * Fixed RSA keys for tests. THEY ARE TEST-ONLY: public, and worth nothing anywhere else.
 * Constants and one pure function, no I/O: private keys in PKCS #8, certificates, and the key set
 * that the tenant double publishes, as large as Auth0's.
 */

import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

export type KeyName = 'current' | 'next' | 'foreign'

export interface TestKey {
  readonly kid: string
  readonly privateKeyPem: string
  /** The DER of a self-signed certificate, in base64, as `x5c` carries it. */
  readonly certificateBase64: string
}

/** One entry of a published key set, with all members that Auth0 publishes. */
export interface PublishedKey {
  readonly kty: string
  readonly use: 'sig'
  readonly alg: 'RS256'
  readonly kid: string
  readonly n: string
  readonly e: string
  readonly x5t: string
  readonly x5c: readonly string[]
}

/** `current` signs, `next` is published beside it, `foreign` belongs to nobody. */
export const TEST_KEYS: Readonly<Record<KeyName, TestKey>> = {
  current: {
    kid: 'exampleCurrentKey0001',
    privateKeyPem: `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDSTS9A0JP3tp4P
Q88IoauQ1MqTvn+Ytk4AUtUm81Jf2oDXi3rPZMs6lr/eAaxo/xTwGunj/CxVxOQ2
4KmfJaV5TWT17bunT8bOYdqooG1CMUD6ikj7b2FjXPFJnCwBt8Kv2VNfzWSbReur
nua14aR+tjEVnFlQAd6a7EQjvOYxqq6paqkcOI2Qi2YyO/eExmcUiv6pbx0HZLLs
WsKCKQfYuyLBIWCR2Ml99CvECSVtcvijT6z9KOjygfh1q891D8KMby4dFRCpexX9
ekwuGKWjwPlLzJ5YjYDrCne6D7OHmmlEJfkIyapl6taTTo4FboWvuU2n+/sjWLSn
Hc624V3/AgMBAAECggEAASQeErhbzscU46xQhHffTT5HIx1J5lnTroWRVoORE0Gr
27K/P3GikKmeVn8+Oj7Rrd1xHqWQ1msZ4E2NXhAZB8F3WZMPc5onnMyqU3cbYKj3
wbEPMerdMmoGSfBcMZFkfKPHPTvWEemdNiWUk7DeJAarcxyRqrERgVgXpPUyoo5Y
aK4nAJH+IxfxrljSQ+5+Z9TqgezUjxjom+pvr+LxMbk5F9bOlLIIILl7uGlZd7ey
1sJ8KNcRJlfF749zVgSjjqb0q6ZwpARCThFDCjl5zPAiNOqwCRwbZGtNmiHBPIiE
2YD9mW/Ls/UI8M34dMM6M1dSWzBkyGOzumLlDh9qUQKBgQD3wSaRgZy1F76iwf6T
Kxll3vW43BlggNW1XqehjVx0+ad/AZQytT5za/Q9syQQX0lhJTTgnQe83nkdXW6B
Y5EUaTB4ageGIMKvtmm5gwvkmJ54JBFDVs5Gbz6CSQhToOqnpusGX+xUZdRctoyZ
41MsU/KA7KNwEHFoJ9nokWdwEwKBgQDZTO/ygySx93IStP1Pppdz32TwP0T5VpBa
jF8KjPeQ88w2a9NtknFttv6+6mbAxw9GPqnUousKz7LXiwDDXT9Yi/uGnPGv7blR
4pbUsZb1cWjOualkXhSuJ3+iDP4J4WQtlZH7kRxxiOpY3K126sH2dzBpl6ymJ5Nq
q3OG9jMP5QKBgAM8apyL7NgQr1TA4+pYLcS+3MbFWS+Bf0kXK2lYx1RfzmhCRQVE
iMRJLK+Bn373P6YdLkugwXEeFsbjaYYXHtX9abyo5eBCnUheQZNCuu0JcUhwcClJ
APi6iz54Zbtx5p6592fl6NhRXCy51axM49E4Z3p3nMrh7BlIK/h1rbwxAoGAWxUC
pnYN1YLQj8LJQq+jX/BNUN5UPObpzupzk+qOgnWOLWl4z77ISKKhmMiLlVZasqjl
arl3J6rzXaFoCnt1Z9oU7dGvBHzyZr5BVpmxmuOUeMIdnHJK3My1lOk5Ok79PJYr
AHVMpNIs2F53Xxb7giFna3sl5OdFxTpkTDe6I3kCgYEA9Z2JqXVV7Z0eRXL+XU1N
eiiW2VCivEexUSwYHSnx5DWX1xxtJ3PYtvg37zMT+RvxmqaK0jCWfYjjlWLuUHyi
3tHqC+4wW5ZkObvURLc/2CCDFMQKR0kuwDGSuk+krb5YMBKE+jUisuqbm74NW6cQ
m/jAqQN0yc/2DmKn7WmC008=
-----END PRIVATE KEY-----
`,
    certificateBase64:
      'MIIDJzCCAg+gAwIBAgIUObsOrQj6wx59xYMqhoAK45jkbp0wDQYJKoZIhvcNAQELBQAwIzEhMB8GA1UEAwwYdGVu' +
      'YW50LmV4YW1wbGUuYXV0aDAuY29tMB4XDTI2MTEyMzAxMzU0OFoXDTQwMDgwMTAxMzU0OFowIzEhMB8GA1UEAwwY' +
      'dGVuYW50LmV4YW1wbGUuYXV0aDAuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0k0vQNCT97ae' +
      'D0PPCKGrkNTKk75/mLZOAFLVJvNSX9qA14t6z2TLOpa/3gGsaP8U8Brp4/wsVcTkNuCpnyWleU1k9e27p0/GzmHa' +
      'qKBtQjFA+opI+29hY1zxSZwsAbfCr9lTX81km0Xrq57mteGkfrYxFZxZUAHemuxEI7zmMaquqWqpHDiNkItmMjv3' +
      'hMZnFIr+qW8dB2Sy7FrCgikH2LsiwSFgkdjJffQrxAklbXL4o0+s/Sjo8oH4davPdQ/CjG8uHRUQqXsV/XpMLhil' +
      'o8D5S8yeWI2A6wp3ug+zh5ppRCX5CMmqZerWk06OBW6Fr7lNp/v7I1i0px3OtuFd/wIDAQABo1MwUTAdBgNVHQ4E' +
      'FgQUcSHqTIAWIZZffbfkb2ImOKpfa3owHwYDVR0jBBgwFoAUcSHqTIAWIZZffbfkb2ImOKpfa3owDwYDVR0TAQH/' +
      'BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAQ32SqR511NwSVNfVLWhEQ1o6/9cXe/gr4beJe9X1/ovbtNvOrMDI' +
      'HK8H73xaJ5drR75O/3E7/NNMrBM6LP9S5f1fif8X3PMh+zUsVKL9Ji1COj8N1n9CVWhPDYC4G97VM3dbrwNF5Fow' +
      'iz8x5obnZKUluzBk2Zp+TyoLupa5++FtlTjHF1cgsf9bHLNtHLBalxJgbJDJGmyAcv078MdAsKNnwbDLDbr/Ry1j' +
      'p69efAZTvwX64kwOgMdPvdJfaTKX1T9XdoYWSt2rE84gVFqVNdM7WyfpU6RBH6VkA3231XjktR8fzK6BTtmfVdRp' +
      'mFYH8+ChMHwwpxHh79KgclnoLw==',
  },
  next: {
    kid: 'exampleUpcomingKey001',
    privateKeyPem: `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC0SFogslyYoP4E
VJckGWEz2CEYyL2jES4TrMPnl09j9JSaSSXBl6jOfIw3pkeB8+ABXzRPOqYBNJJW
Vw5+DCya1G/GckQWT+2wC6BipgmJbzXOaHH4gIohPKjSv/1wsA3IG9kAwbw8Qaff
vOAvdT/pxiqDx5TKrjuhn/LSitzxt51x03M+JWVKRxKRMeBF097VYb95KLkQreRM
kPza62fPWzximbK3mr/ikbVrLgAY066icNx8XjVKwtvg7AE50UKTZxgDTy4u40Fo
RBav1JhQmvgR/Hs3SceA+uJxyJjAO+aysJA9mn8QhiUSPhOB8fHZwgGrqJ9ONnRE
+AjQKIFvAgMBAAECggEACATL1XZ5feRzR/gHPPjQBQFQ/4w2OyGRfhiKIivtwRFo
5q/oOQMo4/5QMk14EsSpKwZ0Ci4eoiEXfTWkFGEwPrbCPf5pHuDxPopV2O1vsSg8
KXEl2JrHChFrpOwbNr7t7f+nGEyFtdxpvh7ljdbWP+yriW8AJD+5sUevAkRg7XNd
NUGTdQwj4mdtjwMXK1Nr8OkCeZjaOvh67keGEU39NkpSpYmKirVcRN+qU2Cc0AzT
FnVsRdd8KY9JYF0Rj7x7EfGHrdKwNqkyFpF7IsbfUH6awSgN46npdycIZGMCdhcJ
HZjdCVVejXwS/IWlIGILEb66frP1UUMJSChMZ33n4QKBgQDairfaEvo+m6fM/PU/
kL92EUuX5/qyRR9CuOHiUj9xiTKeHgXiSeWxJ0pY9Yfwfm9pKO+oi4XHo3dZYas/
v1L9kd/zVzf8zat5MPYzhmgXaHlteUFOeQONRaqBgev7jYqrBorElfM97nIX3lLT
bY+3SWbsFEV4IRxGvFoFrHGLsQKBgQDTLuCFALLA79ifYcUsqI6iLBJYKsBDwkYC
54ODfusl78h1h+uKgCiLgWj6tdoI3tYp9iqiZatgIAKfmMUcCipqu2TAFeIlOs3N
roQZabVjMNq8PJ+Bx4NXCBH6PJUj/tV8QOtWqMJmu8yF/jRZSC79MfcfTTngBXax
sCx/VnLHHwKBgEbSKV5cRAhB/RDq8LcWu1URqcOig5V93PGMZHcpXDH42hRvekyo
0eyk5O0LNHB1KLmVcITYIhReHvEyO4K/B6/ws/hxzUz5gZYWjdKIvfbH/oHBh65c
fRAtAWJSrhyo88UUq6elSFxLh2HAxGqL2MT23omm0BRr9nPd2fZ4uZshAoGABC+S
rbA02tQmNAqJEPiKUzaSaoL2aqFoJ9iU579VQ9w72fCGv6kIpLM89HM0Tia0kgJa
F/vx6KbZxnYNuh+Nda4fMht87wX6XFBQN/y7ZqrqOv7snnLo7ImxaYdX4W3Ep4DV
6VLQ/55LUICYYwimPciGwG0Ub5dMIft+9kstXTsCgYEAyo5GE2zHlkir8WI5U9j3
JQqy3JtEJTQqQdsJTQEt5+TFc2VIovsGjfWHkrNrpNmgWQksSVSrHdAkayDWarPk
Ua6TJTlTBI8HerH0v6lGPmKb4GTvg+ylaypps7h0LaKadl+61kYVi1Ks/IJMLDLJ
3J/dR7ceQtmnhaXTCcBD5Og=
-----END PRIVATE KEY-----
`,
    certificateBase64:
      'MIIDJzCCAg+gAwIBAgIULFwaMS/NFuuwknQHhsbqGBCxwJUwDQYJKoZIhvcNAQELBQAwIzEhMB8GA1UEAwwYdGVu' +
      'YW50LmV4YW1wbGUuYXV0aDAuY29tMB4XDTI2MTEyMzAxMzU0OFoXDTQwMDgwMTAxMzU0OFowIzEhMB8GA1UEAwwY' +
      'dGVuYW50LmV4YW1wbGUuYXV0aDAuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtEhaILJcmKD+' +
      'BFSXJBlhM9ghGMi9oxEuE6zD55dPY/SUmkklwZeoznyMN6ZHgfPgAV80TzqmATSSVlcOfgwsmtRvxnJEFk/tsAug' +
      'YqYJiW81zmhx+ICKITyo0r/9cLANyBvZAMG8PEGn37zgL3U/6cYqg8eUyq47oZ/y0orc8bedcdNzPiVlSkcSkTHg' +
      'RdPe1WG/eSi5EK3kTJD82utnz1s8Ypmyt5q/4pG1ay4AGNOuonDcfF41SsLb4OwBOdFCk2cYA08uLuNBaEQWr9SY' +
      'UJr4Efx7N0nHgPricciYwDvmsrCQPZp/EIYlEj4TgfHx2cIBq6ifTjZ0RPgI0CiBbwIDAQABo1MwUTAdBgNVHQ4E' +
      'FgQUCidxI6dD1lMCzytOScpQJtEEV4EwHwYDVR0jBBgwFoAUCidxI6dD1lMCzytOScpQJtEEV4EwDwYDVR0TAQH/' +
      'BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAOnXvt4l1jpl5qrBsYXhRoM0TucfI0kVnYUDYNnhGacliTTtd1yeQ' +
      'MCN++AYPkMo3Bz0wyaZB838bkNnXGAeuXQ4ECjSvKTEyPy1xRv2JDtc1N4bPqaW/p2GnudhrjwsjpflxpEV6WCiy' +
      'wrsF4sNwH2DpLyRqGcOBQx5TXktD6Mh9O8ow3xRL/cNEPM8rI2YKJ9VGeiKD6uVk18NNADwUk2OishsFSxROR66W' +
      'fFLB9zpzvhTZBkfxIaD/hYe4OU35BTAk/OcJ4wiXwve8iWzRkk+GrICtEXpYnoGN2EOohWCuGFqXSvE98xpTJsIb' +
      'XedY7BcZ+vYpizw8e7o0oJZqKA==',
  },
  foreign: {
    kid: 'exampleForeignKey0001',
    privateKeyPem: `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC0F1VKMkINmJM4
kU278OHYVDWqii6pJGS/acZbIuhNiLmkndRK5VgdBANC+BgKZvjfz8uc6ea1SiVM
IcIVPj2Yl+tR5trIhKxy8c6ok8wZ/6s1hRWguqseJ9E8BaLViTj5OsKE+jbgNCn0
OTeA4VMdRwgIUz7+YlBwU+djIPARSKizcQwowYqygB/hBWOCYwNB4l3cLpx5dov6
3qFjg5e1b3AGz5/O84rQGOmMkqI4FprxNF4XehynLb6QvDy4j9zhmz/Tio38Bk4v
XTgfJSL0YhBHvnpuzo2TF2pI6nv53cNCcgrwNDy5ExB8nbr3fLj3EsNqi5+NESa4
5b/rAMCjAgMBAAECggEAVq2QUGjGH/MakLRm3JlAqjVFqzJc6O3qS7KmVMEFXCP9
bfzE69NcyIJg63+rWn5bNKW302tErmbkcrMgzcaqMOKV0VKyZKZutdgqZjrUloLW
rajDUxvlNltlumTgDbTBJjug2g3wEZMpyjErxK0uqr3AYPloLVm2a4oGqVB2G2q1
S3EcQfLdtW62Cd8T0yFlUCUwEz0xDbvwwbrS/fQDQ65tF0+mR5eGnTx3GnHRXd0O
6JDjbH4pxkE9LkrnHaKCUg8uEVe3++190WnSpyQywJ+YHj91Q/JWkGD1FZtp7IoE
+SdVSbOWIyFnEK+NzUdeV2sM6nLJ0IuArcrEyzEC6QKBgQDh21ECkDurF1c8DX0B
5y1imxNN/OwOa+mqZj8PZubLw/X8qawu9ob3d5BM8t2CQrit+AA/93JD5iFz7X/F
j6JF26O1HxL6TBoQiGrnPZg9nl5Phq1eoHpfyREOZ+iXnM7bkuxww4a2y4j6e+jg
7kX4KUNVduF3Emj9tXvUiSAOpwKBgQDMIGC1G9ZYbuqhBxWC3ydv9bthD2a/3GBH
wR48ya1RoYTfHu6gNTcANNbYppaNwtmdKikOR5+WbXIqvvWeUJPLwX9DWH3ERZnA
uYsCD0bOyIkPDLG8BM5V1+xT0sjGrxxIs6aAI29Q6LKsCFzjN2iBuILN9Xwr2DK+
3wKhtu8ZpQKBgQC6WjUbQlqZLmcB27c7LL2b0Iw7GubCd3OS7040rRjdI9EBKhYx
oaN26CYd932hDuBGWowKO2cCcw1DE8ELBxpDPZhzxzHnZ4dSAN0D8yR8IwF56It/
ujV+du4lzsJw5icfsLh5yjqK9KEO29IoVTFSMumlyLL7hisuuuFzWbkjnQKBgCA9
cOjJ98XJ5vb99nDQLBtr1WeUFidxeCd9Ifh55g0BlMnkyc21+fTnY5OeZCMJxnMj
SI6/0z3gFWsY9BRIJ7/D1QTfAiYw1ALzizgND6LzW2psF9pZa/l0/BeVMC7pU29M
KJ0Oe7NsvWOcgodEphXu/YHoJu+J2yH4eSLvkL4dAoGBAMvNZc1ootnQLVP7hPyK
8w/n9OVlfMtcl3FaK8Jz7aOl1X3Q2aj6UrJlyGUuN35WrcZXBxREcRNFxMDxWEcq
yj1GBWz2fvf9qnAoC3/cJTjEaaAY+hSDzWd7A2T6MzSWhR1vfhHgGif8/mtGol+e
iiKbibmF81Us64RlDnNTiuWq
-----END PRIVATE KEY-----
`,
    certificateBase64:
      'MIIDJzCCAg+gAwIBAgIUOqYI4lUVeoug5SWx9ihU7yiEq/EwDQYJKoZIhvcNAQELBQAwIzEhMB8GA1UEAwwYdGVu' +
      'YW50LmV4YW1wbGUuYXV0aDAuY29tMB4XDTI2MTEyMzAxMzU0OVoXDTQwMDgwMTAxMzU0OVowIzEhMB8GA1UEAwwY' +
      'dGVuYW50LmV4YW1wbGUuYXV0aDAuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtBdVSjJCDZiT' +
      'OJFNu/Dh2FQ1qoouqSRkv2nGWyLoTYi5pJ3USuVYHQQDQvgYCmb438/LnOnmtUolTCHCFT49mJfrUebayISscvHO' +
      'qJPMGf+rNYUVoLqrHifRPAWi1Yk4+TrChPo24DQp9Dk3gOFTHUcICFM+/mJQcFPnYyDwEUios3EMKMGKsoAf4QVj' +
      'gmMDQeJd3C6ceXaL+t6hY4OXtW9wBs+fzvOK0BjpjJKiOBaa8TReF3ocpy2+kLw8uI/c4Zs/04qN/AZOL104HyUi' +
      '9GIQR756bs6NkxdqSOp7+d3DQnIK8DQ8uRMQfJ2693y49xLDaoufjREmuOW/6wDAowIDAQABo1MwUTAdBgNVHQ4E' +
      'FgQUfjouHUd6e3KizxZo2+VoAtTTrtowHwYDVR0jBBgwFoAUfjouHUd6e3KizxZo2+VoAtTTrtowDwYDVR0TAQH/' +
      'BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAZWzJAoKwusHCe6qxF9ip/pgluNVZRP4VWuB4aKJBU2OjRpBuiRx+' +
      'siVT2B6s+cstk15PN5OdaoqLWw8Ke/wXeMzZ23RIHRAwezmV74D7txRUqzcKjeObhUogpW18d8fs8CN6PzrBQuAj' +
      'Pu3Ltx0D3OoyEhFqi7mQLWXp2yzJhhhyBbxH8q0wnFeATy32+qVKgL1dLUVZ+60psfhl9B9HOYxA18zv7DFw1I8I' +
      'w7N3EJ7Qd/+05F/73zfdK2Cfvapm/UyfmKJbunpuf4yAmAiizNz74IWzfOIzakyB5oHhaWA+6DRO+Ha+7Ljg8cCh' +
      'iQy5ZuFGsIdbzFjbADD6HcIl5w==',
  },
}

const parsed = new Map<KeyName, KeyObject>()

/** The key to sign with. Parsed once: that takes longer than a signature. */
export function privateKey(name: KeyName): KeyObject {
  const key = parsed.get(name) ?? createPrivateKey(TEST_KEYS[name].privateKeyPem)
  parsed.set(name, key)
  return key
}

/** The public half of a test key, as a tenant's JWKS publishes it (RFC 7517, section 4). */
export function publishedKey(name: KeyName): PublishedKey {
  const { kid, certificateBase64 } = TEST_KEYS[name]
  const { n = '', e = '' } = createPublicKey(privateKey(name)).export({ format: 'jwk' })
  const x5t = createHash('sha1')
    .update(Buffer.from(certificateBase64, 'base64'))
    .digest('base64url')
  return { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e, x5t, x5c: [certificateBase64] }
}
