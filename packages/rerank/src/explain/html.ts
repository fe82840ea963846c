import { escapeMarkup } from './escape-markup.ts';
import type { MaxSimExplanation } from './explain-maxsim.ts';
import { shade, stretchesOf } from './heat.ts';

/** The explanation as an HTML fragment without scripts or outside resources: the document with what matched in colour, and a table of the query's words. */
export function htmlExplanation(why: MaxSimExplanation): string {
  const body = stretchesOf(why)
    .map(({ text, heat, contribution }) => {
      if (heat === 0) return escapeMarkup(text);
      const colour = shade(heat, 0, 1).join(',');
      return `<mark style="background:rgb(${colour});color:#000" title="${contribution.toFixed(4)}">${escapeMarkup(text)}</mark>`;
    })
    .join('');
  const rows = why.words.map(({ word, found, contribution, share }) => {
    const targets = found.map((target) => escapeMarkup(target.word.text)).join(', ');
    return `<tr><td>${escapeMarkup(word.text)}</td><td>${contribution.toFixed(4)}</td><td>${(share * 100).toFixed(1)} %</td><td>${targets}</td></tr>`;
  });
  return [
    '<div class="rank-explanation">',
    `<p style="white-space:pre-wrap">${body}</p>`,
    `<table><caption>${why.space} ${why.score.toFixed(4)}</caption>`,
    '<thead><tr><th>query</th><th>adds</th><th>share</th><th>matched</th></tr></thead>',
    `<tbody>${rows.join('')}</tbody></table>`,
    '</div>',
  ].join('\n');
}
