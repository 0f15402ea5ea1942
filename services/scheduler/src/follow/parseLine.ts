import { trainerEvent, type TrainerEvent } from '@imclr/contract'

/**
 * Parses a line of a trainer's standard output. A line that is not an event becomes a warning in the job's log; null:
 * an empty line.
 */
export function parseLine(text: string): TrainerEvent | null {
  if (text.trim() === '') return null
  const parsed = trainerEvent.safeParse(asJson(text))
  if (parsed.success) return parsed.data
  return {
    type: 'log',
    level: 'warn',
    message: `The trainer wrote a line that is not an event: ${storable(text.slice(0, 500))}`,
  }
}

/** The JSON of a line, with text that can be stored; undefined: it is none. */
export function asJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? storable(value) : value))
  } catch {
    return undefined
  }
}

/** PostgreSQL keeps neither zero characters nor halves of surrogate pairs. */
const storable = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '\ufffd')
