// Names the tests of files without running any: node --import tsx test/support/list-tests.ts ANSWER FILE ...
// A file is called as below test/, without .test.ts. The answer is JSON: for each one the names of the tests that it would run.

import { writeFileSync } from 'node:fs'

process.env['PGDRILL_TEST_LIST'] = '1'
const { registeredTests } = await import('./suite.ts')

const [answer = '', ...files] = process.argv.slice(2)
const names: Record<string, string[]> = {}
for (const file of files) {
  const before = registeredTests().length
  await import(new URL(`../${file}.test.ts`, import.meta.url).href)
  // What needs something that is not on this machine would run elsewhere.
  names[file] = registeredTests()
    .slice(before)
    .filter(({ why = '' }) => !/marked with test\.skip|nothing to run/.test(why))
    .map(({ name }) => name)
}
writeFileSync(answer, JSON.stringify(names))
// Whatever the files have opened.
process.exit(0)
