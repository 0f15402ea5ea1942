import { pino, type Logger } from 'pino'

/** JSON lines on standard output; what is secret does not get there. */
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
