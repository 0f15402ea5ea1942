/** The only place that reads the environment. An empty variable counts as unset, and a browser has no environment. */
const variables: Record<string, string | undefined> = typeof process === 'undefined' ? {} : process.env

export const environment = {
  url: variables.IMCLR_URL || undefined,
  apiKey: variables.IMCLR_API_KEY || undefined,
  stateHome: variables.XDG_STATE_HOME || undefined,
}
