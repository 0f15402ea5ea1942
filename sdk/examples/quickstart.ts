/** The README's program. Run it with a service at hand: `npm start`, then `node sdk/examples/dist/quickstart.js pets.zip`. */
import { createClient } from '@imclr/sdk'

const [archive = 'pets.zip', epochs = '30'] = process.argv.slice(2)
const sdk = createClient() // IMCLR_URL and IMCLR_API_KEY, or the service running on this machine
const dataset = await sdk.datasets.upload(archive)
const spec = { network: 'resnet8', epochs: Number(epochs), batchSize: 64 } as const

const baseline = await (await sdk.train(dataset, { ...spec, mode: 'baseline' })).result()
const job = await sdk.train(dataset, { ...spec, mode: 'imclr', evaluation: { referenceModelId: baseline.id } })
for await (const { event } of job.events()) {
  if (event.type === 'epoch') console.log(`epoch ${event.epoch}: loss ${event.loss.toFixed(3)}`)
}
const model = await job.result() // only success returns
console.log(`accuracy ${model.report.clean.accuracy}, mean corruption error ${model.report.corruption?.meanError}`)

const { clean } = await sdk.compare(baseline, model) // on the same test images
console.log(`imclr minus baseline: ${clean.difference}, 95 % interval ${clean.interval.low} to ${clean.interval.high}`)

const net = await sdk.models.load(model) // runs here, once it has given its golden outputs
const files = await sdk.models.download(model, `models/${model.id}`)
const picture = files.find((file) => file.includes('golden/'))!
console.log(await net.predict(picture)) // { label, probability, probabilities }
