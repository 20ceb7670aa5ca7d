// What a command prints is shown and kept without secrets.

import * as assert from 'uvu/assert'
import { secretHider, secretsOf } from '../../src/terminal/hide-secrets.ts'
import { suite } from '../support/suite.ts'

const test = suite('terminal/hide-secrets')

test('values of variables that are called like secrets, and passwords of URLs as written and decoded', () => {
  const secrets = secretsOf({
    PGPASSWORD: 'hunter2-hunter2',
    RESTORE_DATABASE_URL: 'postgresql://u:p%40ss%21word@host/db',
    AWS_SECRET_ACCESS_KEY: 'abc+/=def',
    AWS_SECRET_ACCESS_KEY_2: 'abc+/=def and more',
    HOME: '/home/somebody',
    TOKEN: 'abc',
  })
  const hide = secretHider(secrets)
  assert.is(hide('hunter2-hunter2, p%40ss%21word, p@ss!word, abc+/=def and more'), '***, ***, ***, ***')
  assert.is(hide('/home/somebody abc'), '/home/somebody abc')
  assert.is(hide('postgres://a:other@h/d?password=x'), 'postgres://a:***@h/d?password=***')
})

test('a URL without a password, and one that cannot be decoded, harm nothing', () => {
  assert.equal(secretsOf({ URL: 'postgres://u@h/d', OTHER_URL: 'https://u:%zz-bad@h/' }), ['%zz-bad'])
})

test.run()
