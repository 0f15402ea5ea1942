import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { networks, trainingSpec, type Normalisation } from '@imclr/contract'
import { median } from '@imclr/statistics'
import { binding } from '../engine/tf.js'
import { trainingFeed } from '../input/feed.js'
import { buildNetwork } from '../networks/buildNetwork.js'
import { openTraining } from '../training/openTraining.js'
import { stepScalars } from '../training/optimizer/stepScalars.js'
import { multiplyAddsPerSecond } from '../training/timeLeft.js'
import type { JobContext } from './jobContext.js'

/** The training that is timed: the usual network and recipe, on smaller batches so that a slow machine is done soon. */
const network = 'resnet20'
const spec = trainingSpec.parse({ network, batchSize: 32 })
const picture = { height: 32, width: 32 }
const [images, classes] = [320, 10]
/** Steps before the clock starts: the first one records the graph, the next one fills the allocators. */
const warmUp = 2
const [fewestSteps, measuredMs] = [3, 2000]

/**
 * Measures how fast this machine trains, so that the first job gets an honest estimate. It trains for about two seconds
 * on gray pictures, which cost as much as any others, and keeps nothing.
 */
export async function probe({ emitter, control }: Pick<JobContext, 'emitter' | 'control'>): Promise<void> {
  control.suspendAtOnce(true) // there is nothing to keep
  const { height, width } = picture
  const split = {
    count: images,
    height,
    width,
    classes,
    images: new Uint8Array(images * height * width * 3).fill(128),
    labels: Uint16Array.from({ length: images }, (_, index) => index % classes),
  }
  const feed = trainingFeed(split, spec)
  const cloneArchitecture = (seed: number) => buildNetwork({ name: network, classes, seed })
  const normalisation: Normalisation = { mean: [128, 128, 128], std: [64, 64, 64] }
  const training = openTraining(spec, { feed, normalisation, network: cloneArchitecture(spec.seed), cloneArchitecture })
  const scalarsOf = stepScalars(spec, feed.stepsPerEpoch)
  const seconds: number[] = []
  let measuredSince = Infinity
  for (let step = 0; seconds.length < fewestSteps || performance.now() - measuredSince < measuredMs; step++) {
    if (step === warmUp) measuredSince = performance.now()
    const start = performance.now()
    training.run(feed.batch(Math.floor(step / feed.stepsPerEpoch), step % feed.stepsPerEpoch), scalarsOf(step))
    if (step >= warmUp) seconds.push((performance.now() - start) / 1000)
    await yieldToEventLoop() // signals arrive here
  }
  emitter.emit({
    type: 'probed',
    multiplyAddsPerSecond: multiplyAddsPerSecond(networks[network], {
      spec,
      picture,
      inputsPerSecond: feed.batchSize / median(seconds)!,
    }),
    device: binding.isUsingGpuDevice() ? 'GPU' : 'CPU',
  })
  feed.close()
  training.dispose()
}
