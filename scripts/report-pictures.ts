// Takes the pictures of docs/images: node --import tsx scripts/report-pictures.ts FOLDER-OF-A-PASS FOLDER-OF-A-FAIL
// The folders are proofs, such as of pgdrill drill run --target sandbox, and of a sandbox that was broken.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startBrowser } from '../test/support/browser.ts'

const [pass, fail] = process.argv.slice(2)
if (pass === undefined || fail === undefined) throw new Error('name the folders of a pass and of a fail')
const images = join(import.meta.dirname, '..', 'docs', 'images')
mkdirSync(images, { recursive: true })

const browser = await startBrowser()
try {
  for (const [name, folder, height] of [
    ['report-pass', pass, 880],
    ['report-fail', fail, 1500],
  ] as const) {
    const page = await browser.newPage({ viewport: { width: 960, height }, colorScheme: 'light' })
    await page.goto(pathToFileURL(join(folder, 'report.html')).href)
    await page.screenshot({ path: join(images, `${name}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
}
