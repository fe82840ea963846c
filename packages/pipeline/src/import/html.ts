import type { Document } from '@rank-rank/core';
import { Parser } from 'htmlparser2';

/** What is no part of what a page says. */
const silent = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'math',
  'nav',
  'footer',
  'aside',
  'form',
  'button',
  'select',
  'iframe',
  'object',
  'canvas',
  'dialog',
  'menu',
  'head',
]);
/** What begins and ends a line. */
const blocks = new Set(
  'address article blockquote br dd div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
const contents = new Set(['main', 'article']);
/** The part marked as the content is believed if it has at least this share of all text. */
const leastShare = 0.25;

/**
 * An HTML page as a document: its readable text, without navigation, footers, forms and scripts; only that of `main` or `article` where the page marks its
 * content so.
 */
export function htmlDocument(id: string, source: string): Document {
  let title = '';
  let social = '';
  let heading = '';
  let everything = '';
  let marked = '';
  let silence = 0;
  let inContent = 0;
  let within: 'title' | 'h1' | undefined;
  const metadata: Record<string, string> = {};
  const stack: string[] = [];
  const put = (text: string): void => {
    everything += text;
    if (inContent > 0) marked += text;
  };
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === 'html' && attributes['lang']) metadata['language'] = attributes['lang'];
        if (name === 'meta') {
          const key = (attributes['property'] ?? attributes['name'] ?? '').toLowerCase();
          const content = attributes['content'] ?? '';
          if (key === 'og:title') social = content;
          if ((key === 'description' || key === 'author' || key === 'keywords') && content !== '') metadata[key] = content;
        }
        if (name === 'link' && attributes['rel'] === 'canonical' && attributes['href']) metadata['url'] = attributes['href'];
        const hidden =
          silent.has(name) || 'hidden' in attributes || attributes['aria-hidden'] === 'true' || attributes['role'] === 'navigation';
        stack.push(hidden ? '!' : name);
        if (hidden) silence++;
        if (contents.has(name)) inContent++;
        if (name === 'title' || (name === 'h1' && heading === '')) within = name;
        if (blocks.has(name)) put(name === 'li' ? '\n- ' : '\n');
      },
      ontext(text) {
        if (within === 'title') title += text;
        if (silence > 0) return;
        if (within === 'h1') heading += text;
        put(stack.includes('pre') ? text : text.replaceAll(/\s+/g, ' '));
      },
      onclosetag(name) {
        if (stack.pop() === '!') silence--;
        if (contents.has(name)) inContent--;
        if (within === name) within = undefined;
        if (name !== 'li' && blocks.has(name)) put('\n');
      },
    },
    { decodeEntities: true },
  );
  parser.write(source);
  parser.end();
  const all = tidy(everything);
  const main = tidy(marked);
  const name = [title, social, heading].map((text) => text.replaceAll(/\s+/g, ' ').trim()).find((text) => text !== '');
  return {
    id,
    text: main.length >= leastShare * all.length && main !== '' ? main : all,
    ...(name !== undefined && { title: name }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** The encoding that a page says it has. */
export function declaredEncoding(head: Uint8Array): string | undefined {
  const start = new TextDecoder('latin1').decode(head.subarray(0, 2048));
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)/i.exec(start)?.[1];
}

function tidy(text: string): string {
  return text
    .replaceAll(/[ \t\u00a0]+\n/g, '\n')
    .replaceAll(/\n[ \u00a0]+(?=\S)/g, '\n')
    .replaceAll(/\n(?:- )?(?=\n)/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
