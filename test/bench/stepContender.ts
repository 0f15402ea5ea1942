/**
 * Our training step as a process of its own, so that its peak memory is its own. Protocol and arguments as in
 * bench_step.py, with `execution` (graph | eager) in front.
 */
import { createInterface } from 'node:readline'
import { binding, makeStep } from '@imclr/trainer/engine/testing'
import { buildNetwork } from '@imclr/trainer/networks/testing'
import { stream } from '@imclr/trainer/random/testing'
import { supervisedLoss, trainingPass, trainingStep } from '@imclr/trainer/training/testing'

const [execution, network, height, width, batch, precision] = process.argv.slice(2) as [
  'graph' | 'eager',
  'resnet20' | 'wrn28-2',
  string,
  string,
  string,
  'float32' | 'bfloat16',
]
const shape = [Number(batch), Number(height), Number(width), 3] as const
const model = buildNetwork({ name: network, classes: 10, seed: 1 })
const pass = trainingPass({ model, mean: [120, 120, 120], std: [60, 60, 60] })
const definition = trainingStep({
  model,
  terms: [supervisedLoss({ pass, shape, classes: 10 })],
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true },
  weightDecay: 5e-4,
  decay: 'all',
  clipNorm: null,
  emaDecay: null,
})
const training = makeStep(definition, { execution, precision })
if (training.fallbackReason) throw new Error(training.fallbackReason)

const random = stream({ seed: 1, name: 'augment' })
const images = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] * 3 }, () => random.int(256))
const labels = new Float32Array(shape[0] * 10)
for (let row = 0; row < shape[0]; row++) {
  const drawn = Array.from({ length: 10 }, () => Math.exp(random.normal()))
  const sum = drawn.reduce((a, b) => a + b)
  labels.set(
    drawn.map((value) => value / sum),
    row * 10,
  )
}
const learningRate = Float32Array.of(0.05)

for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.split(' ')
  if (command === 'end') {
    process.stdout.write(
      `${JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024, version: binding.TF_Version })}\n`,
    )
    break
  }
  const seconds: number[] = []
  let loss = NaN
  for (let i = 0; i < Number(count); i++) {
    const began = performance.now()
    loss = training.step({ images, labels, learningRate }).loss![0]!
    seconds.push((performance.now() - began) / 1000)
  }
  process.stdout.write(`${JSON.stringify({ seconds, loss })}\n`)
}
process.exit(0)
