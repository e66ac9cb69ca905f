// Opens pages in a headless Chromium, in each width and colour scheme, with everything unfolded, and prints what was
// seen as JSON: node page.js CHROMIUM NODE_MODULES FILE...
'use strict';
const path = require('path');
const { pathToFileURL } = require('url');
const [, , executablePath, modules, ...files] = process.argv;
const { chromium } = require(path.join(modules, 'playwright-core'));

// Runs in the page. A text's contrast is that of WCAG 2.2, 1.4.3.
function look() {
  const all = [...document.querySelectorAll('*')];
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const numbers = color => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = numbers(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  let texts = 0;
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('title, desc')) continue;
    const style = getComputedStyle(element);
    const ink = numbers(element.closest('svg') ? style.fill : style.color);
    const found = contrast(ink, ground(element));
    texts++;
    if (found < 4.5) faint.push(`${found.toFixed(2)} ${element.tagName} ${walker.currentNode.data.slice(0, 40)}`);
  }
  for (const bar of document.querySelectorAll('.bars rect:not(.track):not(.open)')) {
    const found = contrast(numbers(getComputedStyle(bar).fill), ground(bar.closest('section')));
    if (found < 3) faint.push(`${found.toFixed(2)} bar ${bar.getAttribute('class')}`);
  }
  const named = svg => svg.getAttribute('aria-hidden') === 'true' || (svg.getAttribute('role') === 'img' &&
    svg.getAttribute('aria-labelledby').split(' ').every(id => document.getElementById(id).textContent.trim()));
  return {
    width: document.documentElement.scrollWidth,
    texts, faint,
    elements: [...new Set(all.map(e => e.tagName.toLowerCase()))].sort(),
    attributes: [...new Set(all.flatMap(e => [...e.attributes].map(a => a.name)))].sort(),
    headings: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.tagName[1])),
    language: document.documentElement.lang,
    title: document.title,
    text: document.body.textContent,
    unnamed: [...document.querySelectorAll('svg')].filter(svg => !named(svg)).length,
    drawings: document.querySelectorAll('svg[role=img]').length,
    scopeless: [...document.querySelectorAll('th')].filter(th => !th.scope).length,
    style: getComputedStyle(document.querySelector('main')).maxWidth,
  };
}

async function focus(page) {
  await page.keyboard.press('Tab');
  return page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth) || 0);
}

async function visit(browser, file, width, colorScheme) {
  const seen = { file, width: width, scheme: colorScheme, requests: [], messages: [] };
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on('request', request => seen.requests.push(request.url()));
  page.on('console', message => seen.messages.push(message.text()));
  page.on('pageerror', error => seen.messages.push(String(error)));
  page.on('dialog', dialog => { seen.messages.push(dialog.message()); dialog.dismiss(); });
  await page.goto(pathToFileURL(file).href);
  seen.focus = await focus(page);
  await page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = true; }));
  seen.page = await page.evaluate(look);
  await page.emulateMedia({ media: 'print', colorScheme });
  seen.paper = await page.evaluate(look);
  await page.close();
  seen.requests = seen.requests.filter(url => url !== pathToFileURL(file).href);
  return seen;
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu',
    '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync'] });
  const all = [];
  for (const file of files)
    for (const width of [390, 1440])
      for (const scheme of ['light', 'dark']) all.push(await visit(browser, file, width, scheme));
  await browser.close();
  console.log(JSON.stringify(all));
})();
