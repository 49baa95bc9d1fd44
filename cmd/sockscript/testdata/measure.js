// What a reader would call wrong with how this page looks: texts that are not
// there, that are cut, that lie over each other, or that are hard to see.
wanted => {
  const wrong = [], root = document.documentElement, box = e => e.getBoundingClientRect();
  const short = s => JSON.stringify(s.trim().slice(0, 60));
  const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex >= 0;

  // Nothing is wider than the window, or cut by its element, unless one can
  // scroll there from the keyboard.
  if (root.localName === "html" && root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide, and the window ${root.clientWidth}`);
  for (const e of document.querySelectorAll("body, body *:not(svg *)")) {
    if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth && !scrolls(e)) wrong.push(`<${e.localName}> is cut: ${short(e.textContent)}`);
  }

  for (const e of document.querySelectorAll(".picture svg")) {
    if (box(e).width > e.viewBox.baseVal.width + 1) wrong.push(`a picture is drawn larger than it is: ${short(e.getAttribute("aria-label"))}`);
  }

  const texts = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode, range = document.createRange();
    if (!data.trim() || parentElement.closest("svg, style, script, head")) continue;
    range.selectNodeContents(walk.currentNode);
    for (const rect of range.getClientRects()) if (rect.width > 0) texts.push({ rect, text: data });
  }
  for (const e of document.querySelectorAll("svg text")) if (box(e).width > 0) texts.push({ rect: box(e), text: e.textContent, picture: e });

  const all = [...new Set(texts.map(t => t.text))].join(" ").replace(/\s+/g, " ");
  for (const w of wanted) if (!all.includes(w)) wrong.push(`the text ${short(w)} is missing`);

  // Rectangles of lines touch; texts that a reader sees over each other do more.
  const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  texts.sort((a, b) => a.rect.top - b.rect.top);
  texts.forEach((a, i) => {
    for (let k = i + 1; k < texts.length && texts[k].rect.top < a.rect.bottom; k++) {
      if (over(a.rect, texts[k].rect)) wrong.push(`${short(a.text)} and ${short(texts[k].text)} lie over each other`);
    }
  });

  // axe does not look at texts of pictures: WCAG 2.2, 1.4.3.
  const light = color => color.match(/[\d.]+/g).slice(0, 3)
    .map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0.05);
  const inside = (r, b, slack) => r.left >= b.left - slack && r.right <= b.right + slack && r.top >= b.top - slack && r.bottom <= b.bottom + slack;
  for (const { rect, text, picture } of texts.filter(t => t.picture)) {
    const svg = picture.ownerSVGElement, middle = (rect.top + rect.bottom) / 2;
    if (!inside(rect, box(svg), 1)) wrong.push(`${short(text)} leaves the picture`);
    let paper = getComputedStyle(svg).backgroundColor;
    for (const e of svg.querySelectorAll("rect.box, rect.badbox, rect.fold")) {
      const b = box(e);
      if (rect.left < b.left || rect.left > b.right || middle < b.top || middle > b.bottom) continue;
      if (!inside(rect, b, 1)) wrong.push(`${short(text)} leaves its box`);
      paper = getComputedStyle(e).fill;
    }
    const [dark, bright] = [light(getComputedStyle(picture).fill), light(paper)].sort((a, b) => a - b);
    if (bright / dark < 4.5) wrong.push(`${short(text)} has a contrast of ${(bright / dark).toFixed(1)}`);
  }
  return wrong;
}
