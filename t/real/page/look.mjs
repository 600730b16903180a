// SPDX-License-Identifier: MIT
//
// Looks at pages in Chromium, as one who has scripts switched off, and then
// runs axe on what is there.
//
//     node look.mjs CHROMIUM DIRECTORY
//
// Standard input is a JSON array of { url, scheme, width, file }: scheme is
// light or dark; file, where there is one, is for a picture that goes down to
// the end of the first issuer.  What was found is printed, an array again.
// The browser keeps its files in DIRECTORY.
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import puppeteer from 'puppeteer-core';

const [executablePath, directory] = process.argv.slice(2);
const looks = JSON.parse(readFileSync(0, 'utf8'));

// What the page says, for a comparison.  This and the next run in the page.
function said() {
  const text = (element) => element && element.textContent.trim();
  const moment = (cell) => cell.querySelector('time')?.dateTime ?? null;

  return {
    headline: text(document.querySelector('h1')),
    checks: [...document.querySelectorAll('.state li strong')].map(text),
    issuers: [...document.querySelectorAll('article, .list tbody tr')].map((at) => ({
      url: text(at.querySelector('th a, h3 a')),
      health: text(at.querySelector('h3 .badge, [data-label="Health"]')),
      problem: text(at.querySelector('.problem bdi')),
      drawn: at.querySelectorAll('.timeline .kid').length,
      keys: [...at.querySelectorAll('article tbody tr')].map((row) => [
        text(row.cells[0]), text(row.cells[1]), text(row.cells[2]),
        moment(row.cells[3]), moment(row.cells[4]),
      ]),
    })),
    fetches: [...document.querySelectorAll('#fetches ~ table ~ table tbody tr')].map((row) => [
      moment(row.cells[0]), ...[...row.cells].slice(1).map(text),
    ]),
    reloads: [...document.querySelectorAll('#reloads ~ table tbody tr')].map((row) => [
      moment(row.cells[0]), ...[...row.cells].slice(1).map(text),
    ]),
  };
}

// What does not fit: text over the edge, and labels of a drawing that cover
// each other.  What is hidden on purpose is one pixel wide.
function misplaced() {
  const found = [];
  const edge = document.documentElement.clientWidth;
  const name = (element) => `${element.localName} "${element.textContent.slice(0, 40)}"`;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();

  while (walker.nextNode()) {
    range.selectNodeContents(walker.currentNode);
    const { left, right, width } = range.getBoundingClientRect();
    const parent = walker.currentNode.parentElement;
    if (width > 0 && (left < 0 || right > edge) && !parent.closest('caption, thead'))
      found.push(`${name(parent)} ends at ${right}`);
  }
  for (const drawing of document.querySelectorAll('svg')) {
    const labels = [...drawing.querySelectorAll('text')]
      .map((label) => [label, label.getBoundingClientRect()]);
    labels.forEach(([label, a], n) => {
      for (const [other, b] of labels.slice(n + 1)) {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
          found.push(`${name(label)} covers ${name(other)}`);
      }
    });
  }
  return found;
}

// What is too faint in the drawings, of which axe cannot tell: WCAG 2.2, 1.4.3
// for text and 1.4.11 for bars.  The time that is yet to come is faint on
// purpose: a diamond marks its end.
function faint() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => channels(colour).slice(0, 3).map((value) => value / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ratio = (...colours) => {
    const [low, high] = colours.map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const parts = 'article text, article tspan, article rect:not(.wait)';

  return [...document.querySelectorAll(parts)].flatMap((part) => {
    const { fill } = getComputedStyle(part);
    const behind = getComputedStyle(part.closest('article')).backgroundColor;
    const found = ratio(fill, behind);
    return found < (part.localName === 'rect' ? 3 : 4.5)
      ? [`${part.outerHTML}: ${fill} on ${behind} is ${found.toFixed(2)}:1`] : [];
  });
}

async function take(page, file) {
  const height = await page.evaluate(() => 16
    + Math.round(document.querySelector('article').getBoundingClientRect().bottom));
  await page.screenshot({ path: file,
    clip: { x: 0, y: 0, width: page.viewport().width, height } });
}

async function look(browser, { url, scheme, width, file }) {
  const page = await browser.newPage();
  const asked = [];
  const complaints = [];

  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.setJavaScriptEnabled(false);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.setViewport({ width, height: 800, isMobile: width < 600 });
  const answer = await page.goto(url, { waitUntil: 'networkidle0' });
  const found = {
    status: answer.status(),
    said: await page.evaluate(said),
    misplaced: await page.evaluate(misplaced),
    faint: await page.evaluate(faint),
    scrolls: await page.evaluate(() => document.documentElement.scrollWidth)
      - width,
    asked,
    complaints,
  };

  if (file)
    await take(page, file);
  await page.setJavaScriptEnabled(true);
  await page.evaluate(axe.source);
  const judged = await page.evaluate(() => globalThis.axe.run());
  for (const kind of ['passes', 'incomplete', 'violations']) {
    found[kind] = judged[kind].map(({ id, nodes }) => ({ id,
      nodes: nodes.map(({ target, html }) => `${target}: ${html.slice(0, 100)}`) }));
  }
  await page.close();
  return found;
}

// root has no user namespaces to put a sandbox into; by a pipe, for then the
// browser ends with us
const browser = await puppeteer.launch({ executablePath, pipe: true, userDataDir: directory,
  args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
const found = [];
for (const one of looks)
  found.push(await look(browser, one));
await browser.close();
console.log(JSON.stringify(found));
