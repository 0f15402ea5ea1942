/** The one place that reads the environment. In a browser there is none. */
const variables: Record<string, string | undefined> = typeof process === 'undefined' ? {} : process.env

export const environment = {
  url: variables.IMCLR_URL,
  apiKey: variables.IMCLR_API_KEY,
  stateHome: variables.XDG_STATE_HOME,
}
