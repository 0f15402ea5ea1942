#!/usr/bin/env node
/** The service on one machine, in the foreground: starts it, says where it is, and closes it when told to. */
import { readArguments, usage, type Arguments } from './arguments.js'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const options = readArguments(process.argv.slice(2))
if (typeof options === 'string') {
  process.stderr.write(`imclr: ${options}\n`)
  process.exitCode = 1
} else if (options.help) say(usage)
else await start(options)

/** Loads the service only now, so that `--help` and a mistyped option are answered at once. */
async function start(options: Arguments): Promise<void> {
  const [{ runService, stopSignal }, { pino }, { readSettings }, { startService }] = await Promise.all([
    import('@imclr/contract'),
    import('pino'),
    import('./env.js'),
    import('./startService.js'),
  ])
  await runService(main, { name: 'imclr', process })

  async function main(): Promise<void> {
    const settings = readSettings(options)
    const log = pino({ name: 'imclr', level: settings.serving.LOG_LEVEL }, pino.destination(2))
    const stopped = stopSignal(process)

    say(`imclr is starting; its data are in ${settings.dataDir}`)
    const service = await startService(settings, log)
    // One write: whoever waits for the first line finds the others behind it.
    say(
      [
        `imclr is ready at ${service.url}`,
        `  API key: ${service.madeKey ? 'made, ' : ''}in ${service.keyFile} (readable by you alone)`,
        ...service.warnings.map((warning) => `  warning: ${warning}`),
        '  stop it with Ctrl-C: trainings in progress go on from a checkpoint at the next start',
      ].join('\n'),
    )

    const signal = await stopped
    say('imclr is closing; trainings leave a checkpoint')
    log.info({ signal }, 'closing')
    await service.close()
  }
}
