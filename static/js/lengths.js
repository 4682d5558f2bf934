/* A live length meter beside each field that has a cap: what is left, red below nothing. The server keeps the cap. */
(function () {
  "use strict";
  document.querySelectorAll("[data-most]").forEach((input) => {
    const meter = document.querySelector(`[data-left-of="${CSS.escape(input.name)}"]`);
    if (!meter) return;
    const show = () => {
      const left = Number(input.dataset.most) - [...input.value].length;
      meter.textContent = String(left);
      meter.classList.toggle("bad", left < 0);
    };
    input.addEventListener("input", show);
    show();
  });
})();
