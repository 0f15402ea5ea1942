import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { packings, readers, type Packing, type Reader } from './readers.js'
import { allowed, complaint, Trial } from './trial.js'
import { damage, damages, edits, Twists, type Damage, type Edit } from './twists.js'

export interface FuzzOptions {
  seconds: number
  seed: number
  /** Parts of the names of those to be tried; all where it is empty. */
  only?: readonly string[]
  /** Stops at so many findings. */
  most?: number
  say?: (line: string) => void
}

export interface Finding {
  reader: string
  /** With the seed of the round, what brings it back. */
  seed: number
  what: string
  input: string
  /** The upload, kept. */
  path: string
}

interface Input {
  edits: Edit[]
  packing: Packing
  /** Of one of the files within, or of the upload as a whole. */
  inside: { file: number; changes: Damage[] }
  outside: Damage[]
}

const inputs: fc.Arbitrary<Input> = fc.record({
  edits,
  packing: fc.constantFrom(...(Object.keys(packings) as Packing[])),
  inside: fc.record({
    file: fc.nat(100),
    changes: fc.oneof({ weight: 2, arbitrary: fc.constant<Damage[]>([]) }, damages),
  }),
  outside: fc.oneof({ weight: 5, arbitrary: fc.constant<Damage[]>([]) }, damages),
})

/** The upload that an input stands for, and how much it holds. */
export function uploadOf(
  reader: Reader,
  { edits: twisted, packing, inside, outside }: Input,
): { upload: Buffer; unpacked: number } {
  const twists = new Twists(twisted)
  const written = reader.write(twists)
  if (Buffer.isBuffer(written)) {
    const upload = damage(damage(written, inside.changes), outside)
    return { upload, unpacked: 20 * upload.length }
  }
  const changed = written.length === 0 ? -1 : inside.file % written.length
  const entries = written.map(([path, content], i): [string, Uint8Array] => [
    path,
    i === changed ? damage(content, inside.changes) : content,
  ])
  const upload = damage(packings[packing](entries, twists), outside)
  return { upload, unpacked: upload.length + entries.reduce((sum, [, content]) => sum + content.length, 0) }
}

/** Runs of one reader in a round. */
const runs = 12

/**
 * Tries uploads that are strange in a few places until the time is over, reader after reader, by seeds that follow each
 * other. A finding is shrunk by fast-check and its upload kept.
 */
export async function fuzz({
  seconds,
  seed,
  only = [],
  most = 20,
  say = () => undefined,
}: FuzzOptions): Promise<{ tried: number; endings: Map<string, number>; findings: Finding[] }> {
  const until = Date.now() + seconds * 1000
  const findings: Finding[] = []
  const endings = new Map<string, number>()
  const chosen = readers.filter(
    ({ name }) => only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
  )
  if (chosen.length === 0)
    throw new Error(`no reader is called ${only.join(' or ')}; there are ${readers.map(({ name }) => name).join(', ')}`)
  await using trial = new Trial()
  const failing = async (reader: Reader, input: Input) => {
    const { upload, unpacked } = uploadOf(reader, input)
    const allowance = allowed(unpacked, reader.spare)
    // Small, so that honest ones take little time
    const ending = await trial.prepare(upload, { limitSeconds: 2 * allowance.seconds, options: { imageSize: 8 } })
    return { upload, ending, what: complaint(ending, allowance) }
  }
  let tried = 0
  const known = new Set<string>()
  for (let round = 0; Date.now() < until && findings.length < most; round++) {
    for (const reader of chosen) {
      if (Date.now() >= until || findings.length >= most) break
      const roundSeed = seed + round
      const result = await fc.check(
        fc.asyncProperty(inputs, async (input) => {
          // What is left of a round when the time is over, shrinking too, passes.
          if (Date.now() >= until) return
          tried++
          const { ending, what } = await failing(reader, input)
          endings.set(`${reader.name}: ${ending.code}`, (endings.get(`${reader.name}: ${ending.code}`) ?? 0) + 1)
          if (what !== null) throw new Error(what)
        }),
        { seed: roundSeed, numRuns: runs },
      )
      if (!result.failed || result.counterexample === null) continue
      const [input] = result.counterexample
      const what = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)
      // The same complaint again says nothing new; numbers in it differ.
      const kind = `${reader.name}: ${what.replace(/\d+/g, '0').slice(0, 200)}`
      if (known.has(kind)) continue
      known.add(kind)
      const path = join(await mkdtemp(join(tmpdir(), 'imclr-fuzz-finding-')), 'upload')
      await writeFile(path, uploadOf(reader, input).upload)
      findings.push({ reader: reader.name, seed: roundSeed, what, input: JSON.stringify(input), path })
      say(
        `FOUND, ${reader.name}, seed ${roundSeed}: ${what}\n  input ${JSON.stringify(input)}\n  upload kept at ${path}`,
      )
    }
    say(`round ${round + 1} (seed ${seed + round}): ${tried} uploads so far, ${findings.length} findings`)
  }
  return { tried, endings, findings }
}
