/** Files that are no layers models: their content says what they are, before anything is sent. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BadInputError, createClient } from '@imclr/sdk'
import { makeFolder } from '../support/parts.js'
import { zipOf } from '../trainer/ingest/uploads.js'

// Nothing answers at this address: the SDK refuses these files before it connects.
const sdk = createClient({ url: 'http://127.0.0.1:9', apiKey: 'none', retries: 0 })
const refused = (path: string) =>
  sdk.networks.upload(path).then(
    () => {
      throw new Error('it was taken')
    },
    (error: unknown) => error as BadInputError,
  )

describe('a file that is no layers model', () => {
  const folder = makeFolder('foreign')
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  it('is named for what it is, with the command that converts it', async () => {
    const cases: [path: string, message: RegExp, hint: RegExp][] = [
      [
        file('a.bin', Buffer.from('894844460d0a1a0a0000', 'hex')),
        /a Keras model in HDF5/,
        /--input_format keras a\.bin model\//,
      ],
      [
        file(
          'b.keras',
          await zipOf([
            ['metadata.json', '{}'],
            ['config.json', '{}'],
          ]),
        ),
        /a Keras 3 model/,
        /load_model\('b\.keras'\)\.save\('model\.h5'\)/,
      ],
      [file('c.pt', await zipOf([['archive/data.pkl', 'x']])), /a PyTorch file/, /Weights must come from Keras/],
      [file('d.pth', Buffer.from('80028a0a', 'hex')), /a Python pickle/, /Keras/],
      [
        file('e.tflite', Buffer.concat([Buffer.from('1c000000', 'hex'), Buffer.from('TFL3')])),
        /TensorFlow Lite/,
        /Keras model that it was made from/,
      ],
      [file('f.onnx', Buffer.from('0807', 'hex')), /an ONNX model/, /Keras model/],
      [file('g.pb', Buffer.from('0a0b', 'hex')), /a TensorFlow graph/, /Save the Keras model/],
      [
        file('model.json', JSON.stringify({ format: 'graph-model', modelTopology: { node: [] } })),
        /a graph model/,
        /--output_format tfjs_layers_model/,
      ],
      [
        file(
          'export-tfjs',
          await zipOf([
            ['metadata.json', '{}'],
            ['weights.bin', 'x'],
            ['model.json', '{}'],
          ]),
        ),
        /a zip archive, not/,
        /Unpack it and give the path of its model\.json/,
      ],
      [
        file(
          'export-keras',
          await zipOf([
            ['keras_model.h5', 'x'],
            ['labels.txt', 'x'],
          ]),
        ),
        /a Keras model in it, keras_model\.h5/,
        /Unpack it.*--input_format keras keras_model\.h5 model\//,
      ],
      [
        file(
          'export-lite',
          await zipOf([
            ['labels.txt', 'x'],
            ['model.tflite', 'x'],
          ]),
        ),
        /a TensorFlow Lite model in it/,
        /export for TensorFlow\.js/,
      ],
      [
        file(
          'noname-pt',
          await zipOf([
            ['net/version', '3'],
            ...Array.from({ length: 300 }, (_, i): [string, string] => [`net/data/${i}`, 'x']),
            ['net/data.pkl', 'x'],
          ]),
        ),
        /a PyTorch file/,
        /--input_format keras/,
      ],
      [
        file('noname-onnx', Buffer.from('080812077079746f726368'.padEnd(24, '0'), 'hex')),
        /an ONNX model/,
        /--input_format keras model\.h5/,
      ],
      [file('noname-pb', Buffer.from('080112000a00', 'hex')), /a TensorFlow graph/, /model\.save\('model\.h5'\)/],
      [
        file('noname-safetensors', Buffer.concat([Buffer.from('0c00000000000000', 'hex'), Buffer.from('{"a":{}}')])),
        /a safetensors file/,
        /must come from Keras/,
      ],
      [
        file('architecture.json', JSON.stringify({ class_name: 'Sequential', config: { layers: [] } })),
        /is the layers of a model without their weights/,
        /Save the model with its weights/,
      ],
      [
        file('metadata.json', JSON.stringify({ labels: ['a', 'b'] })),
        /it lists no weights/,
        /Save the model with its weights/,
      ],
      [file('null.json', 'null'), /it lists no weights/, /Save the model/],
      [file('h.json', '{ not JSON'), /is not the model\.json of a layers model/, /model\.save\(\)/],
    ]
    for (const [path, message, hint] of cases) {
      const error = await refused(path)
      expect([path, error instanceof BadInputError, error.code]).toEqual([path, true, 'NOT_A_MODEL'])
      expect([error.message, error.hint]).toEqual([expect.stringMatching(message), expect.stringMatching(hint)])
    }
  })

  it('is found inside folders too', async () => {
    const [saved, h5, none] = ['saved', 'h5', 'none'].map((name) => join(folder, name)) as [string, string, string]
    for (const path of [saved, h5, none]) mkdirSync(path)
    writeFileSync(join(saved, 'saved_model.pb'), 'x')
    writeFileSync(join(h5, 'net.h5'), 'x')
    expect((await refused(saved)).message).toContain('is a SavedModel')
    expect((await refused(h5)).message).toContain('has no model.json, but net.h5')
    expect((await refused(none)).hint).toContain('Give the folder that holds model.json')
    const lite = join(folder, 'lite')
    mkdirSync(lite)
    writeFileSync(join(lite, 'labels.txt'), 'a')
    writeFileSync(join(lite, 'net.tflite'), Buffer.concat([Buffer.from('1c000000', 'hex'), Buffer.from('TFL3')]))
    expect((await refused(lite)).message).toContain('net.tflite is a TensorFlow Lite model')
    expect((await refused(folder)).message).toContain('a graph model') // its model.json
  })
})
