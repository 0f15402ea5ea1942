import { join } from 'node:path'
import type { TrainingSpecInput } from '@imclr/contract'
import { expect, it } from 'vitest'
import { smallArchive } from '../../support/smallArchive.js'
import { ofType, openBench } from './harness.js'

it('probe', async () => {
  await using bench = await openBench()
  const path = join(bench.folder, 'few.zip')
  await smallArchive(path, { perClass: 7, size: 32 })
  const { versionPrefix } = await bench.prepare(path)
  const base = { epochs: 1, network: 'resnet8', evaluation: { corruptionImages: 'none' } } as const
  const table: Record<string, TrainingSpecInput> = {
    lr30b8: { ...base, network: 'resnet20', learningRate: 30, batchSize: 8, evaluation: {} },
    lr30b4: { ...base, network: 'resnet20', learningRate: 30, batchSize: 4 },
    lr30b2: { ...base, network: 'resnet20', learningRate: 30, batchSize: 2 },
    eager: { ...base, network: 'resnet20', learningRate: 30, batchSize: 4, execution: 'eager' },
    emalongs: { ...base, network: 'resnet20', learningRate: 30, batchSize: 4, emaDecay: 0.5 },
    emanear1: { ...base, network: 'resnet20', learningRate: 30, batchSize: 4, emaDecay: 0.99999999 },
    validity: { ...base, network: 'resnet20', learningRate: 30, batchSize: 4, validation: { fraction: 0.2 } },
    teacher: { ...base, network: 'resnet20', learningRate: 30, emaDecay: 0.999, trainImages: 9, batchSize: 4, semiSupervised: { method: 'mean-teacher', from: ['left-over'] } },
    validityb: { ...base, network: 'resnet20', learningRate: 30, batchSize: 2, validation: { fraction: 0.2 } },
  }
  for (const [job, spec] of Object.entries(table)) {
    const { exitCode, events, log } = await bench.train({ job, versionPrefix, spec, checkpointEverySeconds: 0.001 }).ended
    const last = events.at(-1)!
    console.log(job, exitCode, last.type === 'failed' ? `${last.failure.code}: ${last.failure.message.slice(0, 300)}` : last.type, ofType(events, 'epoch').map(({ loss }) => loss).join(), ofType(events, 'evaluated').map(({ accuracy }) => accuracy).join(), exitCode === 1 ? log.split('\n').filter((line) => line.includes('trainer/dist')).slice(0, 3).join('|') : '')
  }
}, 600_000)
