import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '@imclr/contract'
import { encodePng, jpegRoundTrip } from '@imclr/trainer/image/testing'
import { assembleReport, measureModel, makeGallery, type TestSplit } from '@imclr/trainer/evaluation/testing'
import { reportPage, type Gallery } from '@imclr/page'
import { partPath, requirePart } from '../support/parts.js'
import { testImage } from '../trainer/image/testImages.js'

const hostile = '<img src=x onerror="alert(1)">&\'`${1}'

/** Makes the report of a model that is right on most images of a split with `classes`. */
async function makeReport(classes: string[], corruptionImages: number | 'none') {
  const side = 16
  const size = side * side * 3
  const count = 4 * classes.length
  const labels = Uint16Array.from({ length: count }, (_, i) => i % classes.length)
  const images = new Uint8Array(count * size)
  for (let i = 0; i < count; i++) images.set(testImage(side, side, i % 5), i * size)
  const test: TestSplit = {
    images,
    labels,
    height: side,
    width: side,
    classes,
    versionId: 'ver_00000000000000000000000000000001',
  }
  let call = 0
  const predict = (_: Uint8Array, n: number) => {
    const out = new Float32Array(n * classes.length).fill(0.3 / (classes.length - 1))
    for (let i = 0; i < n; i++, call++)
      out[i * classes.length + ((i + (call % 3 === 0 ? 1 : 0)) % classes.length)] = 0.7
    return out
  }
  const evaluation = await measureModel({
    predict,
    test,
    spec: { corruptionImages, perturbationImages: corruptionImages },
    seed: 1,
    jpeg: jpegRoundTrip,
  })
  const report = assembleReport({
    model: {
      name: hostile,
      mode: 'imclr',
      testInput: 'self',
      network: 'net_00000000',
      networkTitle: hostile,
      parameters: 78_042,
      epochsTrained: 2,
      trainImages: 90,
      seed: 1,
      precision: 'float32',
      endedEarly: null,
    },
    dataset: {
      versionId: test.versionId,
      name: hostile,
      classes,
      imageSize: { height: side, width: side },
      counts: { train: 90, test: count, unlabelled: 0 },
      testPerClass: classes.map(() => 4),
      testWasGiven: false,
    },
    evaluation,
    rawWeights: { images: 12, correct: 3, accuracy: 0.25, interval: { low: 0.09, high: 0.53 } },
    training: {
      epochs: [1, 2].map((epoch) => ({
        epoch,
        loss: 2 / epoch,
        labelEntropy: 0.6,
        learningRate: 0.1,
        steps: epoch * 10,
        seconds: 1,
        imagesPerSecond: 100,
        validation: { accuracy: 0.4 * epoch, loss: 1.5 / epoch },
        unlabelled: { term: 0.01, weighted: 0.1, weight: 10, ramp: 1, counted: 1 },
      })),
      validation: {
        images: 20,
        source: 'held-back',
        positionsSha256: 'a'.repeat(64),
        epoch: 2,
        accuracy: 0.8,
        loss: 0.75,
      },
      unlabelled: { method: 'pi-model', images: 1234, sources: { unlabelled: 1234 }, positionsSha256: 'b'.repeat(64) },
    },
    environment: {
      imclr: '0.1.0',
      node: 'v20',
      tfjs: '4',
      tensorflow: '2',
      platform: 'linux',
      cpu: hostile,
      cores: 2,
      device: 'cpu',
      threads: null,
    },
  })
  return { report, test }
}

/** This code runs in the browser. */
const measure = `({
  scrollWidth: document.documentElement.scrollWidth,
  ink: getComputedStyle(document.body).color,
  paper: getComputedStyle(document.body).backgroundColor,
  broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
})`

describe('the report page', () => {
  let report: Report
  let gallery: Gallery
  let page: string

  beforeAll(async () => {
    const made = await makeReport([hostile, 'bee', 'a class with a rather long name that must not break the page'], 9)
    report = made.report
    gallery = await makeGallery({ test: made.test, seed: 1, jpeg: jpegRoundTrip, encodePng })
    page = reportPage(report, gallery)
  })

  it('loads nothing and runs no script', () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|https?:\/\//i)
    for (const [, source] of page.matchAll(/\ssrc="([^"]*)"/g)) expect(source).toMatch(/^data:image\/png;base64,/)
    expect(page.match(/<img /g)).toHaveLength(1 + 19 * 3)
  })

  it("escapes all of the user's texts", () => {
    expect(page).not.toContain('<img src=x')
    expect(page).not.toMatch(/="[^"]*onerror="/)
    expect(page.split('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;`${1}').length).toBeGreaterThan(5)
  })

  it('shows the numbers of the report and how many images they rest on', () => {
    const text = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
    expect(text).toContain(`all ${report.clean.images} test images`)
    expect(text).toContain('on 9 of 12 test images')
    expect(text).toContain(
      'The model is that of epoch 2, the best by 20 training images that were held back: 80.0 % of them right.',
    )
    expect(text).toContain('25.00 % by the weights that were averaged')
    expect(text).toContain('validation loss')
    expect(text).toContain('unlabelled term, weighted')
    expect(text).toContain('and without labels (pi-model) on 1,234')
    for (const { flipProbability } of report.perturbation!.perturbations)
      expect(text).toContain(`${(100 * flipProbability).toFixed(2)} %`)
    for (const { severity, ece } of report.calibration.perSeverity)
      expect(text).toContain(`severity ${severity}: ${(100 * ece).toFixed(2)} %`)
    for (const { error } of report.corruption!.cells) expect(text).toContain((100 * error).toFixed(1))
    for (const note of [...report.notes, ...report.notMeasured]) expect(text).toContain(note)
    expect(text).toMatch(/too small to show With 12 test images/)
    expect(text).toContain(`ECE ${(100 * report.calibration.clean.ece).toFixed(2)} %`)
  })

  it('works without corruptions, gallery, epochs and reference, and with a hundred classes', async () => {
    const { report: small } = await makeReport(
      Array.from({ length: 100 }, (_, k) => `class ${k}`),
      'none',
    )
    const plain = reportPage(
      { ...small, rawWeights: null, training: { epochs: [], validation: null, unlabelled: null } },
      null,
    )
    expect(plain).not.toContain('Robustness to corruption</h2>')
    expect(plain).toContain('the job asked for none')
    expect(plain).toContain('All 100 classes')
    expect(plain).not.toMatch(/NaN|undefined|Infinity/)
    // The letters of a picture may say anything.
    const words = page.replaceAll(/;base64,[^"']*/g, '')
    expect(words.length).toBeLessThan(page.length / 2)
    expect(words).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('shows mCE if there is a reference', () => {
    const perCorruption = report
      .corruption!.perCorruption.slice(0, 15)
      .map(({ corruption }, i) => ({ corruption, ce: 0.8 + i / 100, relativeCE: i === 0 ? null : 1.1 }))
    const base = { modelId: 'mdl_aaaaaaaaaaaaaaaaaaaa', name: 'the baseline' }
    const reference = {
      ...base,
      mCE: 0.87,
      relativeMCE: null,
      perCorruption,
      leftOut: { mCE: [], relativeMCE: ['gaussian_noise'] },
      samePictures: false,
    }
    const perPerturbation = report.perturbation!.perturbations.map(({ perturbation }) => ({
      perturbation,
      flipRate: perturbation === 'tilt' ? null : 0.912,
    }))
    const flips = { ...base, mFR: 0.912, perPerturbation, leftOut: ['tilt'], samePictures: true }
    const text = reportPage(
      {
        ...report,
        corruption: { ...report.corruption!, reference },
        perturbation: { ...report.perturbation!, reference: flips },
      },
      gallery,
    )
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
    expect(text).toMatch(/Left out of relative mCE[^.]*gaussian noise\./)
    expect(text).toMatch(/other corrupted pictures/)
    expect(text).toMatch(/91\.2 % mFR against the baseline/)
    expect(text).toMatch(/Left out of the mean, because the reference never flips: tilt\./)
    expect(text).toMatch(/mCE against the baseline/)
    expect(text).toContain('87.0 %')
  })

  it('shows an evaluation on a stored set, which has no clean images', () => {
    const { training: _, ...rest } = report
    const page = reportPage(
      {
        ...rest,
        model: { ...report.model, id: 'mdl_aaaaaaaaaaaaaaaaaaaa', trainedOn: 'ver_00000000000000000000000000000002' },
        clean: null,
        perturbation: null,
        calibration: { ...report.calibration, clean: null },
        corruption: { ...report.corruption!, stored: true, cleanErrorOfSameImages: null },
      },
      null,
    )
    expect(page).not.toMatch(/NaN|undefined|Infinity|null/)
    const text = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
    expect(text).toContain('Clean images: none.')
    expect(text).toContain('trained on version ver_00000000000000000000000000000002')
    expect(text).not.toMatch(/By class|Stability/)
  })

  describe.skipIf(!requirePart('chromium'))('in Chromium', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: partPath('chromium'), args: ['--no-sandbox', '--disable-gpu'] })
    })
    afterAll(() => browser.close())

    it.each([360, 820, 1400])('fits %i pixels in light and dark, makes no requests and logs nothing', async (width) => {
      const file = join(mkdtempSync(join(tmpdir(), 'imclr-page-')), 'report.html')
      writeFileSync(file, page)
      for (const colorScheme of ['light', 'dark'] as const) {
        const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
        const requests: string[] = []
        const complaints: string[] = []
        tab.on('request', (request) => !request.url().startsWith('data:') && requests.push(request.url()))
        tab.on('console', (message) => complaints.push(message.text()))
        tab.on('pageerror', (error) => complaints.push(error.message))
        await tab.goto(`file://${file}`)
        expect(requests).toEqual([`file://${file}`])
        expect(complaints).toEqual([])
        const { scrollWidth, ink, paper, broken } = await tab.evaluate<{
          scrollWidth: number
          ink: string
          paper: string
          broken: number
        }>(measure)
        expect(scrollWidth).toBeLessThanOrEqual(width)
        expect(broken).toBe(0)
        const brightness = (colour: string) =>
          colour
            .match(/\d+/g)!
            .slice(0, 3)
            .reduce((sum, value) => sum + Number(value), 0)
        expect(brightness(ink) > brightness(paper)).toBe(colorScheme === 'dark')
        await tab.close()
      }
    })
  })
})
