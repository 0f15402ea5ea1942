/** Seeded storms of `kill -9` over trainings. */
import { createClient } from '@imclr/sdk'
import { readOptions } from '../support/commandLine.js'
import { chaosRun, uploadData } from './chaosRun.js'
import { separateFleet, standaloneFleet, type TrainerKind } from './fleet.js'

const usage = `usage: npm run chaos -- [options]

Kills processes at random moments of trainings and checks that nothing acknowledged is lost.

  --runs <n>         storms (default: 20)
  --seed <n>         of the first; each further one has the next (default: 1)
  --trainer <kind>   protocol: a quick stand-in that keeps the protocol (default); real: the trainer
  --where <kind>     standalone (default); separate: API and scheduler over PostgreSQL and Redis
  --help             this text
`
const values = readOptions(usage, {
  runs: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  trainer: { type: 'string', default: 'protocol' },
  where: { type: 'string', default: 'standalone' },
})
const trainer = values.trainer as TrainerKind
if (!['protocol', 'real'].includes(trainer) || !['standalone', 'separate'].includes(values.where))
  throw new Error('--trainer is protocol or real, --where is standalone or separate')

await using fleet = await (values.where === 'separate' ? separateFleet : standaloneFleet)(trainer)
await fleet.start()
const sdk = createClient({ url: fleet.url, apiKey: fleet.apiKey() })
const { versionId } = await uploadData(sdk, trainer)
const calm = await chaosRun({ fleet, sdk, trainer, seed: 0, versionId, undisturbed: null })
console.log(
  `undisturbed: ${calm.seconds.toFixed(1)} s, losses ${calm.losses.map((loss) => loss.toFixed(4)).join(' ')}${calm.violations.length > 0 ? `, ${calm.violations.join('; ')}` : ''}`,
)

let broken = calm.violations.length
for (let run = 0; run < Number(values.runs); run++) {
  const seed = Number(values.seed) + run
  const report = await chaosRun({ fleet, sdk, trainer, seed, versionId, undisturbed: calm.losses })
  if (report.violations.length > 0) broken++
  console.log(
    `seed ${seed}: killed ${report.kills.join(', ')}; ${report.attempts} attempts, ${report.seconds.toFixed(1)} s; ${report.violations.length === 0 ? 'all kept' : `BROKEN: ${report.violations.join('; ')}\n${fleet.words()}`}`,
  )
}
console.log(broken === 0 ? `${values.runs} runs, every promise kept` : `${broken} runs broke a promise`)
process.exitCode = broken === 0 ? 0 : 1
