/** Strange uploads for every reader of data, by seed, for as long as one likes. */
import { readFileSync } from 'node:fs'
import { readOptions, refuseOptions } from '../support/commandLine.js'
import { fuzz } from './fuzz.js'
import { readers } from './readers.js'
import { allowed, complaint, Trial } from './trial.js'

const usage = `usage: npm run fuzz -- [options]

Prepares uploads that are strange in a few places and checks how each ends: as a version, or refused at the first attempt by a failure that
names its place, within a multiple of its size in time and memory.

  --seconds <n>      how long (default: 60)
  --seed <n>         of the first round; each further one has the next (default: 1)
  --reader <word>    those alone whose names hold it; may be given again. There are: ${readers.map(({ name }) => name).join('; ')}
  --upload <path>    nothing but this one upload, such as one that was kept
  --help             this text
`
const values = readOptions(usage, {
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  reader: { type: 'string', multiple: true, default: [] },
  upload: { type: 'string' },
})
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
if (!(seconds > 0) || !Number.isInteger(seed))
  refuseOptions(usage, '--seconds is a number above 0, --seed a whole number')

if (values.upload === undefined) {
  const { tried, endings, findings } = await fuzz({ seconds, seed, only: values.reader, say: console.log })
  for (const [ending, count] of [...endings].sort()) console.log(`  ${String(count).padStart(6)}  ${ending}`)
  console.log(
    `${tried} uploads, ${findings.length} findings${findings.map(({ reader, seed: found, path }) => `\n  ${reader}: npm run fuzz -- --reader '${reader}' --seed ${found}, or --upload ${path}`).join('')}`,
  )
  process.exitCode = findings.length === 0 ? 0 : 1
} else {
  const upload = readFileSync(values.upload)
  const allowance = allowed(20 * upload.length)
  await using trial = new Trial()
  const ending = await trial.prepare(upload, { limitSeconds: 2 * allowance.seconds })
  const what = complaint(ending, allowance)
  console.log(JSON.stringify(ending, null, 2))
  console.log(what ?? 'as it must be')
  process.exitCode = what === null ? 0 : 1
}
