import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { parseOutsideJson } from '../outside-text.ts'
import { projectFile } from '../project-files.ts'
import { readNamedFile } from '../read-named-file.ts'

// A key that is misspelt must not silently be no expectation: every object is strict.

const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable, such as API_KEY')
const name = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be a short name of small letters, digits and _')
const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])

const FromEnvironment = z.strictObject({ env: variable, prefix: z.string().optional() })

const Authorization = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('upstash'), env: variable, next_env: variable.optional() }),
  z.strictObject({ type: z.literal('header'), header: headerName, env: variable, prefix: z.string().optional() }),
])

const Expectation = z.strictObject({
  status: z.array(z.int().min(100).max(599)).min(1),
  content_type: z.string().min(1).optional(),
  json: z
    .array(
      z.strictObject({
        path: z.string().regex(/^[^.]+(\.[^.]+)*$/, 'must be keys with dots between them, such as data.ok'),
        equals: scalar,
        warn_on: z.array(scalar).optional(),
      }),
    )
    .optional(),
  text_absent: z.array(z.string().min(1)).optional(),
  redirect_to: z.array(z.string().min(1)).min(1).optional(),
})

const Probe = z
  .strictObject({
    name,
    check: z.enum(['app_health', 'app_sync', 'app_worker', 'app_page']),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
    path: z.string().regex(/^\/[^\s#]*$/, 'must begin with / and hold no blank and no #'),
    headers: z.record(headerName, FromEnvironment).optional(),
    body: z.json().optional(),
    authorization: z.array(Authorization).min(1).optional(),
    is_forged: z.boolean().optional(),
    expect: Expectation,
  })
  .refine((probe) => probe.body === undefined || !['GET', 'HEAD'].includes(probe.method), {
    error: 'GET and HEAD have no body',
    path: ['body'],
  })
  .refine((probe) => probe.is_forged !== true || probe.authorization !== undefined, {
    error: 'says how to forge nothing: it needs authorization',
    path: ['is_forged'],
  })

const ProbeFile = z
  .strictObject({
    format: z.literal('pgdrill-probes'),
    format_version: z.literal(1),
    timeout_seconds: z.int().min(1).max(60).optional(),
    ids: z.record(name, z.strictObject({ relation: z.string().min(1), column: z.string().min(1) })).optional(),
    keys: z.array(variable).optional(),
    browser: name.optional(),
    probes: z.array(Probe).min(1).max(50),
  })
  .superRefine((file, context) => {
    const complain = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    const known = ['marker', 'now', ...Object.keys(file.ids ?? {})]
    for (const reserved of ['marker', 'now']) {
      if (file.ids?.[reserved] !== undefined) complain(['ids', reserved], 'is a name that pgdrill fills in itself')
    }
    file.probes.forEach((probe, index) => {
      if (file.probes.findIndex((other) => other.name === probe.name) !== index) {
        complain(['probes', index, 'name'], `is there twice: ${probe.name}`)
      }
      for (const placeholder of placeholdersOf(probe)) {
        if (!known.includes(placeholder)) complain(['probes', index], `{${placeholder}} is not among ids`)
      }
    })
    const page = file.probes.find((probe) => probe.name === file.browser)
    if (file.browser !== undefined && page?.method !== 'GET') {
      complain(['browser'], `names no probe with the method GET: ${file.browser}`)
    }
  })

/** One request to the restored app and what has to come back; see docs/app.md. */
export type Probe = z.infer<typeof Probe>
/** A way to prove to the app that it may do what it is asked: the first one that is configured is used. */
export type Authorization = z.infer<typeof Authorization>
/** What is asked of one app. */
export type ProbeFile = z.infer<typeof ProbeFile>

const placeholder = /\{([a-z][a-z0-9_]*)\}/g

function placeholdersOf(probe: Probe): string[] {
  const text = `${probe.path} ${JSON.stringify(probe.body ?? null)}`
  return [...text.matchAll(placeholder)].map(([, found = '']) => found)
}

/**
 * Reads a file of probes.
 * @throws CouldNotVerify when it cannot be read or is not such a file: one line says where and what
 */
export function readProbeFile(path: string): ProbeFile {
  const hint = 'The format is described in docs/app.md; src/probes/opsmantik.json is an example.'
  let content: unknown
  try {
    content = parseOutsideJson(readNamedFile(path, 'file of probes'))
  } catch (error) {
    if (error instanceof CouldNotVerify) throw new CouldNotVerify(error.message, hint)
    throw new CouldNotVerify(`the file of probes ${path} ${(error as Error).message}`, hint)
  }
  const result = ProbeFile.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue?.path.join('.') || 'the whole'
  throw new CouldNotVerify(`the probes ${path} are not as they must be: ${where}: ${issue?.message}`, hint)
}

/** What is asked of OpsMantik: the built-in file. */
export function opsmantikProbes(): ProbeFile {
  return readProbeFile(projectFile('src', 'probes', 'opsmantik.json'))
}

/** Replaces {name} in a text. @param encode how a value is written into it */
export function fillIn(text: string, values: Record<string, string>, encode: (value: string) => string): string {
  return text.replace(placeholder, (whole, found: string) => {
    const value = values[found]
    return value === undefined ? whole : encode(value)
  })
}

/** Whether a probe needs the value of this name. */
export function needs(probe: Probe, wanted: string): boolean {
  return placeholdersOf(probe).includes(wanted)
}

/** Every environment variable that holds something secret for these probes, without a target's name in front. */
export function secretVariables(file: ProbeFile): string[] {
  const names = file.probes.flatMap((probe) => [
    ...Object.values(probe.headers ?? {}).map(({ env }) => env),
    ...(probe.authorization ?? []).flatMap((one) =>
      'next_env' in one ? [one.env, one.next_env ?? one.env] : [one.env],
    ),
  ])
  return [...new Set([...(file.keys ?? []), ...names])]
}
