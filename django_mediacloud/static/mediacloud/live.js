// Brings the parts of a page that change while a job runs up to date, and stops when it has ended.
"use strict";

{
    const PAUSE_MS = 2000;
    const MAX_PAUSE_MS = 30000;

    const take = function(fresh) {
        for (const part of document.querySelectorAll("[data-live]")) {
            const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
            if (!next) {
                continue;
            }
            const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
            const opened = [...part.querySelectorAll("details")].map((item) => item.open);
            part.replaceChildren(...next.childNodes);
            part.toggleAttribute("data-unfinished", next.hasAttribute("data-unfinished"));
            part.querySelectorAll("details").forEach((item, number) => { item.open = Boolean(opened[number]); });
            if (focused) {
                document.getElementById(focused)?.focus();
            }
        }
    };

    const refresh = async function(pause) {
        if (!document.hidden) {
            try {
                const answer = await fetch(window.location.href, {credentials: "same-origin"});
                if (answer.redirected) {
                    return;
                }
                if (!answer.ok) {
                    throw new Error(answer.statusText);
                }
                take(new DOMParser().parseFromString(await answer.text(), "text/html"));
                pause = PAUSE_MS;
            } catch {
                pause = Math.min(pause * 2, MAX_PAUSE_MS);
            }
        }
        if (document.querySelector("[data-unfinished]")) {
            setTimeout(refresh, pause, pause);
        }
    };

    setTimeout(refresh, PAUSE_MS, PAUSE_MS);
}
