/** The errors of the SDK. Every error has a stable `code`; its class says what a program can do about it. */

import type { Note } from './generated/api.js'

/** One problem: where it is, what it is, and how to fix it. */
export interface ErrorIssue {
  path: string
  code: string
  message: string
  fix?: string
}

export interface ErrorFields {
  code: string
  message: string
  hint: string
  /** HTTP status; 0 if there was no answer. */
  status: number
  /** Whether the same call may succeed later. The SDK has already retried. */
  retryable: boolean
  /** The request's id in the service's log. */
  requestId: string | null
  issues: ErrorIssue[]
}

export class ImclrError extends Error {
  readonly code: string
  readonly hint: string
  readonly status: number
  readonly retryable: boolean
  readonly requestId: string | null
  readonly issues: ErrorIssue[]

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    super(fields.message, options)
    this.name = new.target.name
    this.code = fields.code
    this.hint = fields.hint
    this.status = fields.status
    this.retryable = fields.retryable
    this.requestId = fields.requestId
    this.issues = fields.issues
  }
}

/** The request or the data are wrong; `issues` says where. */
export class BadInputError extends ImclrError {}
/** The API key is missing, unknown, expired or revoked. */
export class AuthenticationError extends ImclrError {}
/** The API key lacks a scope. */
export class PermissionError extends ImclrError {}
/** The key's project has nothing with this id. */
export class NotFoundError extends ImclrError {}
/** The current state forbids this, or something else still uses it. */
export class ConflictError extends ImclrError {}
/** Too many requests. */
export class RateLimitError extends ImclrError {}
/** The service failed or is not ready. */
export class ServiceError extends ImclrError {}
/** After all retries, the service could not be reached or the connection broke. */
export class ConnectionError extends ImclrError {}
/** A file of a model differs from its sha256, or a model does not reproduce its golden outputs. */
export class IntegrityError extends ImclrError {}

/** A job did not succeed. `modelId` is the model that was kept, if any. */
export class JobError extends ImclrError {
  readonly jobId: string
  readonly modelId: string | null
  constructor(fields: ErrorFields & { jobId: string; modelId: string | null }, options?: ErrorOptions) {
    super(fields, options)
    this.jobId = fields.jobId
    this.modelId = fields.modelId
  }
}
/** The data set was refused; `issues` lists every file with its problem and fix. */
export class PrepareFailedError extends JobError {
  /** What was ignored, renamed, merged or assumed before the refusal; the cause may be here. */
  notes: Note[] = []
}
/** The training failed. */
export class TrainingFailedError extends JobError {}
/** The evaluation failed. */
export class EvaluationFailedError extends JobError {}
/** The job was canceled. */
export class TrainingCanceledError extends JobError {}
/** The job reached its time limit (`limits.maxSeconds`). */
export class TrainingTimedOutError extends JobError {}
/** The wait reached the caller's `timeoutMs`; the job continues. */
export class WaitTimeoutError extends JobError {}

/** Makes the error for an answer, with the class that fits its status. */
export function errorForStatus(fields: ErrorFields, options?: ErrorOptions): ImclrError {
  switch (fields.status) {
    case 0:
      return new ConnectionError(fields, options)
    case 401:
      return new AuthenticationError(fields, options)
    case 403:
      return new PermissionError(fields, options)
    case 404:
      return new NotFoundError(fields, options)
    case 409:
    case 410:
      return new ConflictError(fields, options)
    case 429:
      return new RateLimitError(fields, options)
    default:
      return fields.status >= 500 ? new ServiceError(fields, options) : new BadInputError(fields, options)
  }
}

/** The fields of an error that arises in the SDK and not in the service. */
export const localError = (code: string, message: string, hint: string): ErrorFields => ({
  code,
  message,
  hint,
  status: 0,
  retryable: false,
  requestId: null,
  issues: [],
})
