// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One headless Chromium and its remote control: browser.js SOCKET PROFILE.
//
// POST /NAME with a JSON list of arguments to that UNIX socket calls the function NAME of page.js
// and answers with its result. The browser inherits this program's namespace and cgroup, and the
// pipe that drives it closes with this program. SIGTERM ends both.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const { chromium } = require('playwright-core');

const [socket, profile] = process.argv.slice(2);
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--force-webrtc-ip-handling-policy=default_public_and_private_interfaces',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

async function open() {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: FLAGS,
    chromiumSandbox: false,
  });
  // A secure context without a server: getUserMedia wants one.
  await context.route('https://app.test/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<html></html>' }));
  const page = context.pages()[0];
  await page.goto('https://app.test/');
  await page.addScriptTag({ content: fs.readFileSync(path.join(__dirname, 'page.js'), 'utf8') });
  return { context, page };
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text || '[]');
}

function serve(page) {
  return http.createServer(async (request, response) => {
    try {
      const call = { name: request.url.slice(1), args: await body(request) };
      const value = await page.evaluate(({ name, args }) => window.calls[name](...args), call);
      response.end(JSON.stringify(value === undefined ? null : value));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error.stack || error));
    }
  });
}

async function main() {
  const { context, page } = await open();
  process.on('SIGTERM', async () => {
    await context.close();
    process.exit(0);
  });
  serve(page).listen(socket, () => console.log('ready'));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
