import { longestLogMessage } from '@imclr/contract'
import type { Launcher, Runner } from '../launch/launcher.js'
import type { Outcome } from './decideOutcome.js'

// eslint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/g

/** TensorFlow's notices and warnings, which it writes while it loads whatever level of log it is told. */
const engineNotices = /^(?:WARNING: All log messages before absl::InitializeLog\(\)|[IW]\d{4} [\d:.]+ ).*\n?/gm

/** The end of what a trainer wrote to standard error, where its failure needs that explanation; else null. */
export async function endOfLog(
  launcher: Pick<Launcher, 'readLogEnd'>,
  runner: Runner,
  outcome: Outcome,
): Promise<string | null> {
  const failure = outcome.kind === 'retry' || outcome.kind === 'end' ? outcome.failure : null
  if (failure === null || failure.code === 'TIME_LIMIT') return null
  // Control characters but line breaks and tabs would spoil a terminal, and PostgreSQL keeps no zero.
  const written = await launcher.readLogEnd(runner, longestLogMessage)
  const text = written.replace(engineNotices, '').replace(controlCharacters, '').trim()
  return text === '' ? null : text.slice(-longestLogMessage)
}
