import { trainingPosition, trainingSpec } from '@imclr/contract'
import type { EpochRecord, TrainingPosition } from '@imclr/contract'
import { describe, expect, it } from 'vitest'
import { bestEpoch, firstPosition, runEpochs, type TrainOptions } from '@imclr/trainer/training/testing'
import { listenForSignals } from '@imclr/trainer/events/testing'
import { trainingFeed } from '@imclr/trainer/input/testing'
import { EventEmitter } from 'node:events'

const [count, classes] = [40, 4]
const split = {
  count,
  height: 8,
  width: 8,
  classes,
  images: new Uint8Array(count * 192),
  labels: Uint16Array.from({ length: count }, (_, i) => i % classes),
}
const spec = trainingSpec.parse({ batchSize: 8, epochs: 4 })

/** A loop whose step takes a second of a clock of its own and whose loss is a function of the batch and the rate. */
function loop(options: Partial<TrainOptions> = {}) {
  const signals = new EventEmitter()
  const seen = { steps: 0, epochs: [] as EpochRecord[], saved: [] as TrainingPosition[], clock: 0, ended: 0 }
  const control = listenForSignals({ signals, end: () => seen.ended++ })
  const feed = trainingFeed(split, spec)
  const all: TrainOptions = {
    spec,
    feed,
    control,
    run: ({ labels, labelEntropy }, { learningRate }) => {
      seen.clock += 1
      seen.steps += 1
      return { loss: labelEntropy + learningRate + labels[0]! }
    },
    scalarsOf: (step) => ({ learningRate: 1 / (step + 1) }),
    validation: null,
    saveCheckpoint: async (position) => void seen.saved.push(position),
    checkpointEverySeconds: Infinity,
    onEpoch: (epoch) => seen.epochs.push(epoch),
    secondsLeft: () => 0,
    emitter: { emit: () => {}, progress: () => {} },
    now: () => seen.clock,
    ...options,
  }
  return { seen, signals, run: (from = firstPosition) => runEpochs(from, all) }
}

describe('train', () => {
  it('resumes from any position with the losses of an undisturbed run', async () => {
    const whole = loop({ checkpointEverySeconds: 1 })
    await whole.run()
    expect(whole.seen.epochs).toHaveLength(4)
    expect(whole.seen.saved.length).toBeGreaterThan(15)
    for (const position of whole.seen.saved) {
      const rest = loop()
      await rest.run(JSON.parse(JSON.stringify(position)) as TrainingPosition)
      expect([...position.history, ...rest.seen.epochs].map(({ loss, labelEntropy }) => [loss, labelEntropy])).toEqual(
        whole.seen.epochs.map(({ loss, labelEntropy }) => [loss, labelEntropy]),
      )
    }
  })

  it('checkpoints less often where a checkpoint is slow: at most a twentieth of the time', async () => {
    const at: number[] = []
    const { run, seen } = loop({
      checkpointEverySeconds: 2,
      saveCheckpoint: async () => {
        at.push(seen.clock)
        seen.clock += 0.5
      },
    })
    await run()
    expect(at).toEqual([2, 12.5, 21]) // after 2 s, 0.5 / 0.05 = 10 s after that one's end, and at the end
  })

  it.each([NaN, Infinity])('ends at a loss of %s, leaving the checkpoints before alone', async (loss) => {
    const { run, seen } = loop({
      checkpointEverySeconds: 5,
      run: () => {
        seen.clock++
        return { loss: seen.clock < 13 ? 5 : loss }
      },
    })
    await expect(run()).rejects.toMatchObject({
      code: 'LOSS_NOT_FINITE',
      message: expect.stringContaining('step 13, in epoch 3'),
    })
    expect(seen.saved.map(({ step }) => step)).toEqual([5, 10])
  })

  it('reports the means of the unlabelled term, and its weight and ramp at the last step, from any position', async () => {
    const terms = (step: number) => ({ term: step, weighted: 10 * step, counted: 1 / (step + 1) })
    const made = (options: Partial<TrainOptions> = {}, first = 0) => {
      let step = first
      const made: ReturnType<typeof loop> = loop({
        run: ({ labelEntropy }) => {
          made.seen.clock++
          return { loss: labelEntropy, unlabelled: terms(step++) }
        },
        scalarsOf: (at) => ({ learningRate: 1, unlabelledWeight: 100 + at, unlabelledRamp: at / 20 }),
        ...options,
      })
      return made
    }
    const whole = made({ checkpointEverySeconds: 0 })
    await whole.run()
    // Steps 5 to 9: 7 on average; 1/6 + 1/7 + 1/8 + 1/9 + 1/10 = 0.645635.
    expect(whole.seen.epochs[1]!.unlabelled).toMatchObject({ term: 7, weighted: 70, weight: 109, ramp: 0.45 })
    expect(whole.seen.epochs[1]!.unlabelled!.counted).toBeCloseTo(0.645635 / 5, 6)
    for (const position of whole.seen.saved) {
      const rest = made({}, position.step)
      await rest.run(trainingPosition.parse(JSON.parse(JSON.stringify(position))))
      expect([...position.history, ...rest.seen.epochs].map(({ unlabelled }) => unlabelled)).toEqual(
        whole.seen.epochs.map(({ unlabelled }) => unlabelled),
      )
    }
    await expect(
      made({
        run: ({ labelEntropy }) => ({ loss: labelEntropy, unlabelled: { term: NaN, weighted: NaN, counted: 1 } }),
      }).run(),
    ).rejects.toMatchObject({ code: 'LOSS_NOT_FINITE' })
  })

  it('fails on a loss below the entropy of its labels', async () => {
    await expect(loop({ run: ({ labelEntropy }) => ({ loss: labelEntropy - 1e-3 }) }).run()).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('below the entropy'),
    })
    await expect(loop({ run: ({ labelEntropy }) => ({ loss: labelEntropy }) }).run()).resolves.toMatchObject({
      step: 20,
    })
  })

  it('stops between two steps and says so in its last checkpoint', async () => {
    const { run, seen, signals } = loop({ onEpoch: () => signals.emit('SIGTERM') })
    await expect(run()).resolves.toMatchObject({ epoch: 1, step: 5, endedEarly: 'stopped' })
    expect(seen.saved).toMatchObject([{ step: 5, endedEarly: 'stopped' }])
    const next = loop()
    await expect(next.run(seen.saved[0])).resolves.toMatchObject({ step: 5, endedEarly: 'stopped' })
    expect([next.seen.steps, next.seen.saved]).toEqual([0, []])
  })

  it('suspends after a checkpoint; a suspension outranks a stop', async () => {
    const { run, seen, signals } = loop({
      onEpoch: () => {
        signals.emit('SIGUSR2')
        signals.emit('SIGTERM')
      },
    })
    await expect(run()).rejects.toMatchObject({ name: 'Suspended' })
    expect(seen.saved).toMatchObject([{ step: 5, endedEarly: null }])
    expect(seen.ended).toBe(0)
  })

  it('has nothing to keep when it is stopped before its first step', async () => {
    const { run, seen, signals } = loop()
    signals.emit('SIGTERM')
    await expect(run()).rejects.toMatchObject({ code: 'CANCELED' })
    expect([seen.steps, seen.saved]).toEqual([0, []])
  })
})

describe('with a validation part', () => {
  /** Measured after each epoch, by its number. */
  const measured = [
    [0.5, 2],
    [0.7, 1.5],
    [0.6, 1],
    [0.7, 1.4],
    [0.7, 1.4],
    [0.6, 0.9],
    [0.9, 0.1],
  ].map(([accuracy, loss]) => ({ accuracy: accuracy!, loss: loss! }))
  function validated(patience: number | null, options: Partial<TrainOptions> = {}) {
    const seen = { kept: [] as number[], measured: 0 }
    let epoch = 0
    const made = loop({
      spec: { ...spec, epochs: 7, validation: { fraction: 0.1, patience } },
      run: ({ labelEntropy }) => {
        made.seen.clock++
        return { loss: labelEntropy + 1 }
      },
      validation: {
        async measure() {
          made.seen.clock += 100
          seen.measured++
          return measured[epoch++]!
        },
        keep: () => seen.kept.push(epoch),
      },
      ...options,
    })
    return {
      ...made,
      validated: seen,
      from: (position: TrainingPosition) => {
        epoch = position.epoch
        return made.run(position)
      },
    }
  }

  it('measures after each epoch and keeps the best: the higher accuracy, then the lower loss, then the first', async () => {
    const {
      run,
      seen,
      validated: { kept },
    } = validated(null)
    const end = await run()
    expect(kept).toEqual([1, 2, 4, 7])
    expect(seen.epochs.map(({ validation }) => validation)).toEqual(measured)
    expect(end.history).toEqual(seen.epochs)
    expect(bestEpoch(end.history)?.epoch).toBe(7)
    // Measuring takes 100 s, which is no time of the steps.
    expect(seen.epochs.map(({ seconds }) => seconds)).toEqual(Array.from({ length: 7 }, () => 5))
  })

  it('ends when patience runs out, which is a normal end', async () => {
    const { run, seen } = validated(2)
    await expect(run()).resolves.toMatchObject({ epoch: 6, step: 30, endedEarly: null })
    expect(seen.saved.at(-1)).toMatchObject({ step: 30, endedEarly: null })
    const again = validated(2)
    await expect(again.from(seen.saved.at(-1)!)).resolves.toMatchObject({ epoch: 6, step: 30, endedEarly: null })
    expect(again.seen.steps).toBe(0)
  })

  it('resumes from any position to the same end', async () => {
    const whole = validated(2, { checkpointEverySeconds: 1 })
    const end = await whole.run()
    expect(whole.seen.saved.length).toBeGreaterThan(5)
    for (const position of whole.seen.saved) {
      const rest = validated(2)
      const { history } = await rest.from(JSON.parse(JSON.stringify(position)) as TrainingPosition)
      expect(history.map(({ epoch, validation }) => [epoch, validation])).toEqual(
        end.history.map(({ epoch, validation }) => [epoch, validation]),
      )
    }
  })

  it('fails on a validation loss that is not finite', async () => {
    const { run, seen } = validated(null, {
      validation: { measure: async () => ({ accuracy: 0.1, loss: NaN }), keep: () => {} },
    })
    await expect(run()).rejects.toMatchObject({
      code: 'LOSS_NOT_FINITE',
      message: expect.stringContaining('after epoch 1'),
    })
    expect(seen.saved).toEqual([])
  })
})
