/**
 * `npm run demo`: the main job on real data. It starts the service, uploads a data set through the SDK, trains a
 * baseline and an ImCLR model, prints both robustness reports side by side, and predicts with the model that it fetched
 * over HTTP.
 */
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { createClient, ImclrError, type Client, type Job, type Model } from '@imclr/sdk'
import { bundledData, demoUsage, readDemoOptions, type DemoOptions } from './options.js'
import { bar, duration, progressLine } from '../service/progressLine.js'
import { recipe } from './recipe.js'
import { sideBySide, verdict } from './sideBySide.js'
import { startService } from '../service/startService.js'
import { uploadShown } from '../service/uploadShown.js'

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`)
}

async function demo({ data, folder, epochs }: DemoOptions): Promise<void> {
  const begun = Date.now()
  say(`Starting the service; its data go to ${folder}`)
  await using service = await startService(resolve(folder))
  const sdk = createClient({ url: service.url, apiKey: service.apiKey })

  const dataset = await uploadShown(sdk, data)
  const isBundled = data === bundledData
  const options = { ...recipe(dataset, isBundled), ...(epochs ? { epochs } : {}) }
  say(
    `Recipe: ${options.network}, ${options.epochs} ${options.epochs === 1 ? 'epoch' : 'epochs'}, batch ${options.batchSize}, learning rate ${options.learningRate} (cosine), weight decay ${options.weightDecay}; the two arms differ only in the stacking`,
  )
  const baseline = await train(await sdk.train(dataset, { ...options, mode: 'baseline', name: 'baseline' }))
  const imclr = await train(
    await sdk.train(dataset, {
      ...options,
      mode: 'imclr',
      name: 'imclr',
      evaluation: { referenceModelId: baseline.id },
    }),
  )

  say(
    `\nRobustness on your own test images (${imclr.report.clean.images}; corruptions on ${imclr.report.corruption?.images ?? 0} of them)\n`,
  )
  say(sideBySide(baseline.report, imclr.report))
  say(`\n${verdict(await sdk.compare(baseline, imclr), { baseline, imclr })}`)

  const kept = join(folder, 'models')
  for (const model of [baseline, imclr]) await model.download(join(kept, model.name))
  await predict(sdk, { model: imclr, folder: join(kept, imclr.name) })
  say(`\nDone in ${duration((Date.now() - begun) / 1000)}. You now have:`)
  for (const { name } of [baseline, imclr])
    say(`  ${join(kept, name, 'report.html')}   the report of ${name}: open it in a browser`)
  say(`  ${folder}   the service's data set, jobs, models and keys. Go on from here: npm start -- --data-dir ${folder}`)
}

async function train(job: Job): Promise<Model> {
  const { mode } = job.spec
  say(`\n${mode}: submitted as ${job.id}${job.estimate ? `, estimated ${duration(job.estimate.seconds)}` : ''}`)
  const line = progressLine(process.stdout)
  let loss = ''
  const model = await job.result({
    onEvent: ({ event }) => {
      if (event.type === 'epoch') loss = `loss ${event.loss.toFixed(3)}`
      if (event.type === 'started')
        line.end(`  on ${event.device}, ${event.engine}, ${event.execution} ${event.precision}`)
      if (event.type === 'retry') line.end(`  trying again (attempt ${event.attempt}): ${event.failure.message}`)
      if (event.type !== 'progress') return
      const where = event.epoch
        ? `epoch ${event.epoch} of ${event.epochs}, ${loss}`
        : `${Math.round(event.done)} of ${Math.round(event.total)} ${event.unit}`
      const speed = event.imagesPerSecond ? `, ${Math.round(event.imagesPerSecond)} images/s` : ''
      line.show(
        `${event.phase.padEnd(10)} ${bar(event.done, event.total)} ${where}${speed}${event.secondsLeft === null ? '' : `, ${duration(event.secondsLeft)} left`}`,
      )
    },
  })
  const { clean } = model.report
  line.end(`${mode}: ${(100 * clean.accuracy).toFixed(2)} % of ${clean.images} test images right, kept as ${model.id}`)
  return model
}

/**
 * Predicts in this process with the files that came over HTTP. The pictures are the golden test pictures, as they were
 * uploaded.
 */
async function predict(sdk: Client, { model, folder }: { model: Model; folder: string }): Promise<void> {
  const net = await sdk.models.load(model)
  const { cases } = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as {
    cases: { original: string; label: string }[]
  }
  say(`\nThe imclr model, loaded over HTTP from ${(await model.url()).split('?')[0]}, on pictures it never saw:`)
  for (const { original, label } of cases.slice(0, 4)) {
    const { label: said, probability } = await net.predict(join(folder, original))
    say(
      `  ${relative(folder, join(folder, original)).padEnd(16)} is ${label.padEnd(12)} model: ${said} (${(100 * probability).toFixed(1)} %)`,
    )
  }
  net.dispose()
}

const options = readDemoOptions(process.argv.slice(2))
if (typeof options === 'string') {
  process.stderr.write(`${options}\n\n${demoUsage}`)
  process.exitCode = 2
} else if (options.help) say(demoUsage)
else {
  await demo(options).catch((error: unknown) => {
    process.exitCode = 1
    if (!(error instanceof ImclrError))
      return say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
    say(`\nThe demo failed: ${error.message}\n  code ${error.code}. ${error.hint}`)
    for (const { path, message, fix } of error.issues.slice(0, 10))
      say(`  ${path}: ${message}${fix ? ` (${fix})` : ''}`)
  })
}
