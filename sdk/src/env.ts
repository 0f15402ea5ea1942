/** The one place that reads the environment; an empty variable is none. In a browser there is no environment. */
const variables: Record<string, string | undefined> = typeof process === 'undefined' ? {} : process.env

export const environment = {
  url: variables.IMCLR_URL || undefined,
  apiKey: variables.IMCLR_API_KEY || undefined,
  stateHome: variables.XDG_STATE_HOME || undefined,
}
