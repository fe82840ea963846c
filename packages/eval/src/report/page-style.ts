/** The look of reports. Colours of series keep their distance for every kind of colour vision (after Okabe and Ito), in light and dark. */
export const style: string = `
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c1d21;--soft:#5f636b;--line:#e3e3e0;--grid:#ececea;
--win:#2a7f62;--loss:#c2541b;--tie:#a6a9b0;--accent:#2456a6;
--s0:#2456a6;--s1:#c2541b;--s2:#2a7f62;--s3:#8a3f8f;--s4:#9a7400;--s5:#1b87a8;--s6:#b03060;--s7:#5b5f66}
@media (prefers-color-scheme:dark){:root{--bg:#16171a;--card:#1e2024;--ink:#e9e9ea;--soft:#a2a6af;--line:#33363c;--grid:#2b2e34;
--win:#5cc29d;--loss:#f0935c;--tie:#6d717a;--accent:#8ab4ff;
--s0:#8ab4ff;--s1:#f0935c;--s2:#5cc29d;--s3:#d79ade;--s4:#e0bb4a;--s5:#63c7e6;--s6:#ff8fb3;--s7:#b9bdc6}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:28px;line-height:1.2;letter-spacing:-.015em;margin:0}
header p,.note{color:var(--soft);margin:4px 0 0}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 24px;margin:20px 0}
h2{font-size:17px;margin:0 0 4px}
.note{font-size:13.5px;max-width:76ch}
figure{margin:16px 0 0}figure>.scroll{margin-top:0}
figcaption{font-weight:600;font-size:14px;margin-bottom:4px}
label{display:block;font-size:13.5px;color:var(--soft);margin-top:12px}
label[hidden]{display:none}
select{font:inherit;color:var(--ink);background:var(--bg);border:1px solid var(--line);border-radius:7px;padding:4px 8px;margin-left:4px;max-width:100%}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.scroll{overflow-x:auto;margin-top:12px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--line);white-space:nowrap;font-weight:400}
thead th{color:var(--soft);font-size:12.5px;border-bottom-color:var(--soft)}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums}
tbody th{font-weight:600}
sup{font-size:11px;color:var(--soft);display:inline-block;min-width:3ch;text-align:left;margin-left:3px;line-height:0}
.letter{font-weight:600;width:2ch;color:var(--c)}
.mark{color:var(--accent);font-weight:700}
.significant td{font-weight:600}
.bar{display:flex;width:140px;height:10px;border-radius:5px;overflow:hidden;gap:1px;background:var(--grid)}
.bar i{display:block}.bar .win{background:var(--win)}.bar .loss{background:var(--loss)}.bar .tie{background:var(--tie)}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 24px}
svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--soft)}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}
.grid{stroke:var(--grid);fill:none}.base{stroke:var(--soft);fill:none}
.axes text{font-variant-numeric:tabular-nums}.axis{font-size:12.5px}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
.s1 .line{stroke-dasharray:7 3}.s2 .line{stroke-dasharray:2 3}.s3 .line{stroke-dasharray:9 3 2 3}.s4 .line{stroke-dasharray:12 4}.s5 .line{stroke-dasharray:4 2}.s6 .line{stroke-dasharray:1 2}.s7 .line{stroke-dasharray:6 2 1 2}
.marker{fill:var(--c);stroke:var(--c);stroke-width:1.5}.hollow{fill:var(--card)}
.leader{fill:none;stroke:var(--c);opacity:.45}
.whisker{stroke:var(--c);stroke-width:3;stroke-linecap:round;opacity:.5}
.label{fill:var(--ink)}.value{fill:var(--ink);font-variant-numeric:tabular-nums}
rect.win,.area.win{fill:var(--win)}rect.loss,.area.loss{fill:var(--loss)}rect.tie{fill:var(--tie)}rect:hover{fill:var(--accent)}
.mean{stroke:var(--ink);stroke-dasharray:5 4;fill:none;opacity:.7}
.front{fill:none;stroke:var(--soft);stroke-dasharray:3 4}
@media print{body{background:#fff}section{break-inside:avoid;border-color:#ccc}label{display:none}}
@media (max-width:600px){header,main{padding:0 14px}section{padding:16px}}
`.replaceAll('\n', '');

/** Shows one figure of each chooser. */
export const script: string =
  "for(const c of document.querySelectorAll('.chooser')){const l=c.querySelector('label'),s=c.querySelector('select'),f=[...c.querySelectorAll('figure')];l.hidden=false;for(const x of c.querySelectorAll('figcaption'))x.hidden=true;const show=()=>{for(const x of f)x.hidden=x.dataset.item!==s.value};s.addEventListener('change',show);show()}";
