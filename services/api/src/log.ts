import { pino, type Logger } from 'pino'

/** Writes JSON lines to standard output, without secrets. */
export function makeLog(level: string): Logger {
  return pino({
    name: 'api',
    level,
    redact: {
      paths: ['req.headers.authorization', 'headers.authorization', '*.secret', 'secret'],
      censor: '[redacted]',
    },
  })
}
