import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { Failure } from '@imclr/contract'
import { claimIdempotency, findIdempotency, keepAnswer, type Queries } from '@imclr/database'
import { z } from 'zod'
import type { Call } from './context.js'

/**
 * Runs a create or a deletion in one transaction, together with the note of its answer: the same idempotency key and input get the
 * same answer, also after a restart, and two at once are one (the second waits for the first to commit). One that
 * fails leaves nothing, not even the note. `change` must use the transaction alone (see `Database.transaction`).
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
  const note = noteOf(call, key, input)
  return call.database.transaction(async (tx) => {
    if (!(await claimIdempotency(tx, note))) return answerOf<Answer>(await findIdempotency(tx, note), { key, note })
    const answer = await change(tx)
    await keepAnswer(tx, { ...note, answer: seal(answer, key, call.random(12)) })
    return answer
  })
}

/** The earlier answer, for a create with work to do before its transaction; `undefined`: none yet. */
export async function earlierAnswer<Answer>(call: Call, input: unknown): Promise<Answer | undefined> {
  const key = call.idempotencyKey()
  if (key === null) return undefined
  const note = noteOf(call, key, input)
  const row = await findIdempotency(call.database.queries, note)
  return row === undefined ? undefined : answerOf<Answer>(row, { key, note })
}

/** The key itself is not stored: it opens the answers, and those of `key.create` hold a secret. */
const noteOf = ({ caller, path }: Call, key: string, input: unknown) => ({
  projectId: caller.projectId,
  key: createHash('sha256').update(key).digest('hex'),
  route: path,
  bodySha256: createHash('sha256').update(canonical(input)).digest('hex'),
})

function answerOf<Answer>(
  row: { route: string; bodySha256: string; answer: unknown } | undefined,
  { key, note }: { key: string; note: ReturnType<typeof noteOf> },
): Answer {
  if (row === undefined)
    throw new Failure('CONFLICT', 'The request with this idempotency key was undone just now; send it again')
  if (row.route !== note.route || row.bodySha256 !== note.bodySha256) {
    throw new Failure(
      'IDEMPOTENCY_MISMATCH',
      `This idempotency key was used for ${row.route === note.route ? 'another input of ' : ''}${row.route}`,
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

/** JSON with sorted keys: the same input, however its keys were ordered. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      inner !== null && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  )
}
