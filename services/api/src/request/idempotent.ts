import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { Failure } from '@imclr/contract'
import { claimIdempotency, findIdempotency, storeAnswer, type Queries } from '@imclr/database'
import { z } from 'zod'
import type { Call } from './context.js'

/**
 * Runs a change and stores its answer in one transaction. The same idempotency key and input get the same answer, also
 * after a restart. Where two requests come at once, the second waits until the first has committed, and gets its
 * answer. A change that fails leaves nothing behind. `change` must use the transaction alone (see
 * `Database.transaction`).
 *
 * Throws Failure IDEMPOTENCY_MISMATCH where the key came with another input before.
 */
export async function idempotent<Answer>(
  call: Call,
  input: unknown,
  change: (tx: Queries) => Promise<Answer>,
): Promise<Answer> {
  const key = call.idempotencyKey()
  if (key === null) return call.database.transaction(change)
  const request = requestOf(call, key, input)
  return call.database.transaction(async (tx) => {
    if (!(await claimIdempotency(tx, request)))
      return answerOf<Answer>(await findIdempotency(tx, request), { key, request })
    const answer = await change(tx)
    await storeAnswer(tx, { ...request, answer: seal(answer, key, call.random(12)) })
    return answer
  })
}

/**
 * The answer that an earlier request got, for changes with work to do before their transaction. `undefined` where there
 * is none.
 */
export async function earlierAnswer<Answer>(call: Call, input: unknown): Promise<Answer | undefined> {
  const key = call.idempotencyKey()
  if (key === null) return undefined
  const request = requestOf(call, key, input)
  const row = await findIdempotency(call.database.queries, request)
  return row === undefined ? undefined : answerOf<Answer>(row, { key, request })
}

/** The key itself is not stored: it decrypts the answers, and those of `key.create` hold a secret. */
const requestOf = ({ caller, path }: Call, key: string, input: unknown) => ({
  projectId: caller.projectId,
  key: createHash('sha256').update(key).digest('hex'),
  route: path,
  bodySha256: createHash('sha256').update(canonical(input)).digest('hex'),
})

function answerOf<Answer>(
  row: { route: string; bodySha256: string; answer: unknown } | undefined,
  { key, request }: { key: string; request: ReturnType<typeof requestOf> },
): Answer {
  if (row === undefined)
    throw new Failure('CONFLICT', 'Another request with this idempotency key has just failed; send yours again')
  if (row.route !== request.route || row.bodySha256 !== request.bodySha256) {
    throw new Failure(
      'IDEMPOTENCY_MISMATCH',
      `This idempotency key was used for ${row.route === request.route ? 'another input of ' : ''}${row.route}`,
    )
  }
  return open(row.answer, key) as Answer
}

const sealed = z.object({ nonce: z.base64(), box: z.base64(), tag: z.base64() })
const boxKey = (key: string): Uint8Array => new Uint8Array(hkdfSync('sha256', key, '', 'imclr idempotency', 32))

function seal(answer: unknown, key: string, nonce: Uint8Array): z.infer<typeof sealed> {
  const cipher = createCipheriv('aes-256-gcm', boxKey(key), nonce)
  const box = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()])
  return {
    nonce: Buffer.from(nonce).toString('base64'),
    box: box.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  }
}

function open(answer: unknown, key: string): unknown {
  const { nonce, box, tag } = sealed.parse(answer)
  const decipher = createDecipheriv('aes-256-gcm', boxKey(key), Buffer.from(nonce, 'base64'))
  decipher.setAuthTag(Buffer.from(tag, 'base64'))
  return JSON.parse(Buffer.concat([decipher.update(Buffer.from(box, 'base64')), decipher.final()]).toString('utf8'))
}

/** JSON with sorted keys: the same text for the same value. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  )
}
