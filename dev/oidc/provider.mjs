// An OpenID provider on loopback: oidc-provider, which is certified by the OpenID
// Foundation, with ways for a test to rotate its keys and to let it fail.
//
//   node provider.mjs [PORT]
//
// prints its issuer. POST /control/rotate begins to sign with new keys and goes on to
// publish the old ones; POST /control/retire publishes the newest alone; POST
// /control/mode?what=PATH-PREFIX&mode=MODE lets answers hang, be 500 or be nonsense;
// GET /control/asked?what=PATH says how often a path was asked for.

import { createServer } from 'node:http'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import Provider from 'oidc-provider'

const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']
let generation = 0
let keys = []

function newKeys() {
  generation++
  const pairs = [
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['EC', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['OKP', generateKeyPairSync('ed25519')],
  ]
  return pairs.map(([type, pair]) => ({ ...pair.privateKey.export({ format: 'jwk' }), kid: `${type}-${generation}`, use: 'sig' }))
}

// The resource's address says what its tokens are like: .../opaque, .../RS256 and so on.
function resourceServer(_ctx, resource) {
  const form = resource.split('/').pop()
  const server = { scope: 'hooks:write hooks:read', audience: resource, accessTokenTTL: 600 }
  return form === 'opaque'
    ? { ...server, accessTokenFormat: 'opaque' }
    : { ...server, accessTokenFormat: 'jwt', jwt: { sign: { alg: form } } }
}

const machine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'hooks:write hooks:read' }
const clients = [
  { client_id: 'sender', client_secret: 'the secret of the sender', ...machine },
  { client_id: 'stranger', client_secret: 'the secret of a stranger', ...machine },
  { client_id: 'bound', client_secret: 'the secret of a bound one', ...machine, tls_client_certificate_bound_access_tokens: true },
  { client_id: 'gate', client_secret: 'a secret: with +, % and ~', grant_types: [], redirect_uris: [], response_types: [] },
  { client_id: 'gate-post', client_secret: 'a secret in the form', grant_types: [], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_post' },
]

let issuer
let answer

function renew() {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients,
    scopes: ['hooks:write', 'hooks:read'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        getCertificate: (ctx) => ctx.get('x-certificate') ? new X509Certificate(Buffer.from(ctx.get('x-certificate'), 'base64')) : undefined,
      },
    },
  })
  answer = provider.callback()
}

const modes = new Map() // by the beginning of a path
const asked = new Map()

function control(url, response) {
  const what = url.searchParams.get('what')
  switch (url.pathname) {
    case '/control/rotate':
      keys = [...newKeys(), ...keys]
      renew()
      break
    case '/control/retire':
      keys = keys.filter((key) => key.kid.endsWith(`-${generation}`))
      renew()
      break
    case '/control/mode':
      modes.set(what, url.searchParams.get('mode'))
      break
    case '/control/asked':
      return response.end(String(asked.get(what) ?? 0))
    default:
      response.statusCode = 404
  }
  response.end()
}

const server = createServer((request, response) => {
  const url = new URL(request.url, issuer)
  if (url.pathname.startsWith('/control/')) return control(url, response)
  asked.set(url.pathname, (asked.get(url.pathname) ?? 0) + 1)
  for (const [what, mode] of modes) {
    if (!url.pathname.startsWith(what) || mode === 'well') continue
    if (mode === 'hang') return
    if (mode === '500') response.statusCode = 500
    if (mode === 'page') response.setHeader('content-type', 'text/html')
    if (mode === 'redirect') {
      response.statusCode = 302
      response.setHeader('location', url.pathname + '?again')
    }
    return response.end({ empty: '{"keys":[]}', true: '{"active":"true"}', one: '{"active":1}', nothing: '{}' }[mode] ?? '<h1>Nonsense</h1>')
  }
  answer(request, response)
})

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`
  keys = newKeys()
  renew()
  console.log(issuer)
})
