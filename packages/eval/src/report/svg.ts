/** What may stand in text and attributes of HTML and SVG. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element; numbers are written with two decimals at most. */
export function element(name: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** From values to places. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** About `count` round numbers from low to high. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.999)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

export function linearScale(low: number, high: number, from: number, to: number, count = 5): Scale {
  const span = high - low || 1;
  const scale = (value: number): number => from + ((value - low) / span) * (to - from);
  return Object.assign(scale, { ticks: roundTicks(low, high, count) });
}

/** For values above 0; ticks at 1, 10, 100 …, and at 3 between them where there is room. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const span = Math.log(high / low) || 1;
  const scale = (value: number): number => from + (Math.log(value / low) / span) * (to - from);
  const decades = Math.log10(high / low);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high * 1.001; power++) {
    for (const factor of decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 2.5 ? [1, 3] : [1]) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return Object.assign(scale, { ticks });
}

/** A figure that says in words what it shows, and shrinks with the page. */
export function figure(
  id: string,
  title: string,
  description: string,
  width: number,
  height: number,
  ...children: readonly string[]
): string {
  return element(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-labelledby': `${id}-t ${id}-d`, style: `max-width:${width}px` },
    element('title', { id: `${id}-t` }, escaped(title)),
    element('desc', { id: `${id}-d` }, escaped(description)),
    ...children,
  );
}

/** Places for labels beside the ends of lines: as near to where they belong as their height allows. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
  const places = [...wanted];
  let floor = low;
  for (const at of order) {
    places[at] = Math.max(places[at]!, floor);
    floor = places[at]! + gap;
  }
  // What was pushed out at the end is pushed back from there.
  let ceiling = high;
  for (const at of order.reverse()) {
    places[at] = Math.min(places[at]!, ceiling);
    ceiling = places[at]! - gap;
  }
  return places;
}
