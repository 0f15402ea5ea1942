import { parseArgs } from 'node:util'

/** The demo's options on the command line: `npm run demo -- --data pets.zip`. */
export interface DemoOptions {
  /** The archive or folder to train on. */
  data: string
  /** Where the service keeps its data; it stays there after the demo. */
  folder: string
  /** Passes over the training images; null: the recipe decides. */
  epochs: number | null
  help: boolean
}

/** The images that come along. */
export const bundledData = 'infra/demo/fashion-mnist-small.zip'

export const demoUsage = `usage: npm run demo [-- options]

  --data <archive or folder>  images to train on (default: a small part of Fashion-MNIST that comes along)
  --folder <folder>           where the service keeps data sets, models and reports (default: demo-output)
  --epochs <n>                passes over the training images (default: as many as take a few minutes)
  --help                      this text
`

/** The demo's options, or a sentence that says what is wrong with them. */
export function readDemoOptions(args: string[]): DemoOptions | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        data: { type: 'string', default: bundledData },
        folder: { type: 'string', default: 'demo-output' },
        epochs: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const epochs = values.epochs === undefined ? null : Number(values.epochs)
    if (epochs !== null && !(Number.isInteger(epochs) && epochs > 0))
      return `--epochs takes a whole number above zero, not ${values.epochs}`
    return { ...values, epochs }
  } catch (error) {
    return (error as Error).message.split('. ')[0]!
  }
}
