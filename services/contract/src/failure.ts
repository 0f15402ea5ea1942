/**
 * Every way in which something can fail, and its consequences: the trainer's exit code, whether the scheduler tries
 * again, the HTTP status, and a hint that tells the user what to do. Every failure is in this table.
 *
 * A hint does not promise another attempt. Only the scheduler knows whether one follows; it adds this to the hint
 * (`followedBy`).
 */
import { z } from 'zod'
import { plainText } from './plainText.js'

interface FailureKind {
  /** Exit code of a trainer that ends with this failure. Absent if no trainer can. */
  exitCode?: number
  /** True for failures of infrastructure: the scheduler tries again from the last checkpoint. */
  retryable: boolean
  http: number
  trpc: string
  hint: string
}

export const failures = {
  // Failures in what a caller sent.
  BAD_INPUT: {
    exitCode: 25,
    retryable: false,
    http: 400,
    trpc: 'BAD_REQUEST',
    hint: 'Correct the fields listed in issues and send it again.',
  },
  UNAUTHENTICATED: {
    retryable: false,
    http: 401,
    trpc: 'UNAUTHORIZED',
    hint: 'Send a valid API key as "Authorization: Bearer <key>"; keys expire and can be revoked.',
  },
  FORBIDDEN: {
    retryable: false,
    http: 403,
    trpc: 'FORBIDDEN',
    hint: 'Use an API key that has the scope named in the message.',
  },
  NOT_FOUND: {
    retryable: false,
    http: 404,
    trpc: 'NOT_FOUND',
    hint: 'Check the id, and that the API key belongs to the same project.',
  },
  CONFLICT: { retryable: false, http: 409, trpc: 'CONFLICT', hint: 'Read the current state and decide again.' },
  IDEMPOTENCY_MISMATCH: {
    retryable: false,
    http: 409,
    trpc: 'CONFLICT',
    hint: 'The idempotency key was used with another body; send a new key for a new request.',
  },
  IN_USE: {
    retryable: false,
    http: 409,
    trpc: 'CONFLICT',
    hint: 'Delete what is named in issues first, or keep this.',
  },
  LIMIT_REACHED: {
    retryable: false,
    http: 413,
    trpc: 'PAYLOAD_TOO_LARGE',
    hint: 'Send less, or ask the operator to raise the limit named in the message.',
  },
  RATE_LIMITED: {
    retryable: true,
    http: 429,
    trpc: 'TOO_MANY_REQUESTS',
    hint: 'Wait for the time given in Retry-After.',
  },
  // Uploads.
  UPLOAD_INCOMPLETE: {
    retryable: false,
    http: 409,
    trpc: 'CONFLICT',
    hint: 'Send the parts listed in issues, then complete the upload again.',
  },
  UPLOAD_EXPIRED: { retryable: false, http: 410, trpc: 'CONFLICT', hint: 'Start a new upload.' },
  URL_REJECTED: {
    retryable: false,
    http: 403,
    trpc: 'FORBIDDEN',
    hint: 'Ask for a new URL: signed URLs expire, and they hold only as they were given.',
  },
  CHECKSUM_MISMATCH: {
    exitCode: 20,
    retryable: false,
    http: 400,
    trpc: 'BAD_REQUEST',
    hint: 'The bytes that arrived differ from those announced; send them again.',
  },
  // Data sets.
  ARCHIVE_UNREADABLE: {
    exitCode: 21,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: 'Send a whole zip, tar or tar.gz archive, or one of the data set files that docs/data.md lists.',
  },
  ARCHIVE_UNSAFE: {
    exitCode: 22,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: 'Pack the pictures again with an ordinary program, without links, archives within the archive, and paths that leave the folder.',
  },
  DATASET_INVALID: {
    exitCode: 23,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: "Mend what issues name, each with its fix; files that cannot be used can be left out with onProblem: 'skip'.",
  },
  DATASET_TOO_LARGE: {
    exitCode: 24,
    retryable: false,
    http: 413,
    trpc: 'PAYLOAD_TOO_LARGE',
    hint: 'Upload fewer or smaller images, or ask the operator to raise the limit named in the message.',
  },
  // Training.
  LOSS_NOT_FINITE: {
    exitCode: 30,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: 'The training has diverged: train with a lower learning rate, warm up (rampUp), clip gradients (clipNorm), or use float32.',
  },
  PRECISION_UNSUPPORTED: {
    exitCode: 31,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: "Use precision: 'float32' on this machine.",
  },
  OUT_OF_MEMORY: {
    exitCode: 32,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: 'Use a smaller batch size, image size or network, or a machine with more memory.',
  },
  TIME_LIMIT: {
    exitCode: 33,
    retryable: false,
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    hint: 'Raise limits.maxSeconds, or ask for less: fewer epochs, fewer or smaller images, a smaller network.',
  },
  CANCELED: {
    exitCode: 34,
    retryable: false,
    http: 409,
    trpc: 'CONFLICT',
    hint: 'The job was cancelled on request; submit it again to run it.',
  },
  // Infrastructure.
  ENGINE_MISSING: {
    exitCode: 40,
    retryable: false,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'Run "npm run setup" on the machine that trains; "npm run doctor" says what it lacks.',
  },
  GPU_UNUSABLE: {
    exitCode: 44,
    retryable: false,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'On the machine that trains, nvidia-smi must answer, in a container too. IMCLR_GPU=preferred trains on the CPU where the GPU does not compute.',
  },
  STORE_UNAVAILABLE: {
    exitCode: 41,
    retryable: true,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'Check that the object store answers and its credentials are right.',
  },
  DISK_FULL: {
    exitCode: 42,
    retryable: false,
    http: 507,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'Free disk space on the machine named in the message.',
  },
  ARTIFACT_INVALID: {
    exitCode: 43,
    retryable: true,
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    hint: 'What was written did not come back whole, or the model did not answer as before when it was loaded anew: check the object store and its disk.',
  },
  TRAINER_DIED: {
    retryable: true,
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    hint: "The trainer ended without a word: read the job's log, and see that the machine has enough memory.",
  },
  TRAINER_STALLED: {
    retryable: true,
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    hint: "The trainer gave no sign of life: read the job's log, and see that the machine is not overloaded.",
  },
  LAUNCHER_UNAVAILABLE: {
    retryable: true,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'Check that what starts the trainers (the Docker engine named in the message) runs, and that the scheduler may use it.',
  },
  IMAGE_UNAVAILABLE: {
    retryable: true,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: "Build or pull the trainer's image where the trainers run, or name another one in IMCLR_TRAINER_IMAGE.",
  },
  UNAVAILABLE: {
    retryable: true,
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    hint: 'The service is starting or stopping; try again shortly.',
  },
  INTERNAL: {
    exitCode: 1,
    retryable: true,
    http: 500,
    trpc: 'INTERNAL_SERVER_ERROR',
    hint: 'A fault of ours; report it with the id of the request or the job.',
  },
} as const satisfies Record<string, FailureKind>

export type FailureCode = keyof typeof failures
export const failureCode = z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]])

/** One problem: where it is (a field, a path in an archive, an id), what is wrong, and how to fix it. */
export const issue = z.object({ path: z.string(), code: z.string(), message: z.string(), fix: z.string().optional() })
export type Issue = z.infer<typeof issue>

/** A failure as data. A trainer emits it, a job stores it, and the API sends it. */
export const failureRecord = z.object({
  code: failureCode,
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
  issues: z.array(issue).default([]),
})
export type FailureRecord = z.infer<typeof failureRecord>

/** The one error that our code throws. `message` names the thing; the hint comes from the table. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly issues: Issue[]
  constructor(
    readonly code: FailureCode,
    message: string,
    options: { issues?: Issue[]; cause?: unknown } = {},
  ) {
    super(plainText(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.issues = (options.issues ?? []).map(({ path, message: what, fix, ...rest }) => ({
      ...rest,
      path: plainText(path),
      message: plainText(what),
      ...(fix === undefined ? {} : { fix: plainText(fix) }),
    }))
  }

  get record(): FailureRecord {
    const { hint, retryable } = failures[this.code]
    return { code: this.code, message: this.message, hint, retryable, issues: this.issues }
  }
}

/** What follows a job's failure: how many attempts have failed, how many are allowed, and where the next one begins. */
export interface Aftermath {
  failedAttempts: number
  maxAttempts: number
  /** Null if no other attempt follows. */
  next: 'from-checkpoint' | 'anew' | null
}

/** The failure with a hint that also says what follows. Only the scheduler knows what follows. */
export function followedBy(failure: FailureRecord, { failedAttempts, maxAttempts, next }: Aftermath): FailureRecord {
  const tries = `${failedAttempts} of ${maxAttempts} attempts (limits.maxAttempts) ${failedAttempts === 1 ? 'has' : 'have'} failed`
  const what =
    next === null
      ? 'no other follows'
      : next === 'anew'
        ? 'the next one begins anew'
        : 'the next one goes on from the last checkpoint'
  return failure.retryable ? { ...failure, hint: `${failure.hint} ${tries}; ${what}.` } : failure
}

/** The failure that a trainer's exit code stands for. `undefined` for codes (and signals) that belong to no failure. */
export function failureOfExitCode(exitCode: number): FailureCode | undefined {
  return (Object.keys(failures) as FailureCode[]).find((code) => (failures[code] as FailureKind).exitCode === exitCode)
}
