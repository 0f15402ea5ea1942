/** The model in a real browser, from its address alone, on a page of another origin. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { createClient } from '@imclr/sdk'
import { makeFolder, partPath, requirePart } from '../support/parts.js'
import { standalone } from '../support/runService.js'
import { smallArchive } from '../support/smallArchive.js'

const tfjs = readFileSync(createRequire(import.meta.url).resolve('@tensorflow/tfjs/dist/tf.min.js'))

/** A page with plain tfjs and nothing of ours. */
async function plainPage(): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, answer) => {
    if (request.url === '/tf.min.js') answer.setHeader('content-type', 'text/javascript').end(tfjs)
    else
      answer
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><link rel="icon" href="data:,"><script src="/tf.min.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe.skipIf(!requirePart('chromium'))('a model in Chromium', () => {
  it('loads by its URL in plain tfjs and meets its golden outputs', async () => {
    await using service = await standalone()
    const sdk = createClient(service)
    const archive = join(makeFolder('browser'), 'shapes.zip')
    await smallArchive(archive)
    const job = await sdk.train(await sdk.datasets.upload(archive), {
      mode: 'imclr',
      network: 'resnet8',
      epochs: 2,
      batchSize: 48,
      evaluation: { corruptionImages: 'none' },
    })
    const model = await job.result()
    const url = await model.url()

    await using page = await plainPage()
    const browser = await chromium.launch({
      executablePath: partPath('chromium'),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    try {
      const tab = await browser.newPage()
      await tab.goto(page.url)
      const differences = await tab.evaluate(async (modelUrl) => {
        interface Tensor {
          data(): Promise<Float32Array>
        }
        const tf = (
          globalThis as never as {
            tf: {
              loadLayersModel(url: string): Promise<{ predict(x: unknown): Tensor }>
              tensor4d(values: Float32Array, shape: number[]): unknown
            }
          }
        ).tf
        const net = await tf.loadLayersModel(modelUrl)
        const golden = (await (await fetch(modelUrl.replace('model.json', 'golden.json'))).json()) as {
          picture: { height: number; width: number }
          cases: { pixels: string; probabilities: number[] }[]
        }
        const { height, width } = golden.picture
        return Promise.all(
          golden.cases.map(async ({ pixels, probabilities }) => {
            const bytes = Float32Array.from(atob(pixels), (character) => character.charCodeAt(0))
            const answer = await net.predict(tf.tensor4d(bytes, [1, height, width, 3])).data()
            return Math.max(...probabilities.map((expected, index) => Math.abs(expected - answer[index]!)))
          }),
        )
      }, url)
      expect(differences).toHaveLength(8)
      expect(Math.max(...differences)).toBeLessThan(1e-3)
    } finally {
      await browser.close()
    }
  }, 240_000)
})
