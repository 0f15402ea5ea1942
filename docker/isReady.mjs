/** The health check of api, scheduler and standalone: exit code 0 if the service of this container can serve. */
const answer = await fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).catch(() => null)
process.exit(answer?.ok ? 0 : 1)
