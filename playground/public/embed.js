/**
 * <unrolled-playground cell="GRU" units="64" height="900"></unrolled-playground>: the playground in any page, in a frame of
 * its own. This script lies beside the playground's index.html; attributes are the settings of its address.
 */
const home = new URL("./", import.meta.url);
/** Attributes, and their names in the address: `hidden` would be HTML's own. */
const settings = {
  cell: "cell",
  units: "hidden",
  layers: "layers",
  activation: "activation",
  rate: "rate",
  window: "window",
};

class UnrolledPlayground extends HTMLElement {
  static observedAttributes = [...Object.keys(settings), "height"];
  #frame;

  connectedCallback() {
    this.#frame = document.createElement("iframe");
    this.#frame.title = "unrolled playground";
    this.#frame.allow = "clipboard-write; cross-origin-isolated";
    this.#frame.style.cssText = "width: 100%; border: 0; border-radius: 10px; display: block";
    this.replaceChildren(this.#frame);
    this.#show();
  }

  attributeChangedCallback() {
    if (this.#frame) this.#show();
  }

  #show() {
    const parameters = new URLSearchParams();
    for (const [attribute, name] of Object.entries(settings)) {
      if (this.hasAttribute(attribute)) parameters.set(name, this.getAttribute(attribute));
    }
    this.#frame.style.height = `${Number(this.getAttribute("height")) || 900}px`;
    const address = new URL(`index.html?embedded#${parameters}`, home).href;
    if (this.#frame.src !== address) this.#frame.src = address;
  }
}

customElements.define("unrolled-playground", UnrolledPlayground);
