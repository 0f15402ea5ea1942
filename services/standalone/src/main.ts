#!/usr/bin/env node
/** The service on one machine, in the foreground: starts it, says where it is, and closes it when told to. */
import type { FailureRecord } from '@imclr/contract'
import { readArguments, usage } from './arguments.js'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (typeof options === 'string') throw options
  if (options.help) return say(usage)
  const [{ pino }, { readSettings }, { startService }] = await Promise.all([
    import('pino'),
    import('./env.js'),
    import('./startService.js'),
  ])
  const settings = readSettings(options)
  const log = pino({ name: 'imclr', level: settings.serving.LOG_LEVEL }, pino.destination(2))
  const signalled = new Promise<string>((resolve) => {
    let asked = false
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // The second time it is meant: nothing acknowledged is lost, and the next start takes up what runs.
        if (asked) process.exit(130)
        asked = true
        resolve(signal)
      })
    }
  })

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

  const signal = await signalled
  say('imclr is closing; trainings leave a checkpoint')
  log.info({ signal }, 'closing')
  await service.close()
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`imclr: ${wordsOf(error)}\n`)
    process.exit(1)
  },
)

/** A failure speaks for itself; the table's hint is added where its message does not say what to do. Anything else is a fault of ours. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (!('code' in error) || !('record' in error)) return error.stack ?? error.message
  const { code, hint } = error.record as FailureRecord
  return ['BAD_INPUT', 'CONFLICT', 'FORBIDDEN'].includes(code) ? error.message : `${error.message}\n  ${hint}`
}
