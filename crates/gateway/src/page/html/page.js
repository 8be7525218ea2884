'use strict';
// The page works without this: links and forms load it again. Here the same pages are fetched and only the
// part that changes is put in, so whoever types in the search stays there.
(() => {
  const by = id => document.getElementById(id);
  const search = by('search'), dialog = by('confirm');
  let latest = null;

  async function load(url, signal) {
    const answer = await fetch(url, { signal });
    const text = await answer.text();
    if (!answer.headers.get('content-type')?.startsWith('text/html')) {
      throw new Error(`${answer.status}: ${text}`);
    }
    // A parsed document runs no scripts.
    return new DOMParser().parseFromString(text, 'text/html');
  }

  function say(count, alert = '') {
    // A text that is set again is read out again.
    if (by('count').textContent !== count) by('count').textContent = count;
    by('alert').textContent = alert;
  }

  // Only the last of several requests counts: an older answer may come later.
  async function show(url, said = '') {
    latest?.abort();
    const mine = latest = new AbortController();
    try {
      const page = await load(url, mine.signal);
      const groups = page.getElementById('groups');
      by('groups').replaceWith(groups);
      document.querySelector('.facts').replaceWith(page.querySelector('.facts'));
      for (const field of search.querySelectorAll('[type=hidden]')) field.remove();
      search.append(...page.querySelectorAll('#search [type=hidden]'));
      history.replaceState(null, '', url);
      say(said + groups.dataset.count, groups.dataset.alert);
      return true;
    } catch (error) {
      if (error.name !== 'AbortError') say(by('count').textContent, `The gateway did not answer: ${error.message}`);
      return false;
    }
  }

  const here = () => '?' + new URLSearchParams(location.search);
  const wanted = () => {
    const fields = [...new FormData(search)].filter(([, value]) => value !== '');
    return '?' + new URLSearchParams(fields);
  };

  let typed = 0;
  search?.addEventListener('input', () => {
    clearTimeout(typed);
    typed = setTimeout(() => show(wanted()), 150);
  });
  search?.addEventListener('submit', event => {
    event.preventDefault();
    clearTimeout(typed);
    show(wanted());
  });

  document.addEventListener('click', async event => {
    const link = event.target.closest('a[data-keep]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    if (!await show(link.getAttribute('href'))) return;
    // The link that was used is a new one now; at the last page there may be none of its kind.
    const again = document.querySelector(`a[data-keep="${link.dataset.keep}"]`) ?? document.querySelector('a[data-keep]');
    again?.focus();
  });

  // `toggle` does not bubble, so it is caught on its way down.
  document.addEventListener('toggle', async event => {
    const place = event.target.querySelector?.(':scope > .families');
    const link = place?.querySelector(':scope > a');
    if (!event.target.open || !link) return;
    try {
      const families = (await load(link.getAttribute('href'))).getElementById('families');
      place.replaceChildren(...(families.children.length ? families.children : [families.textContent]));
    } catch (error) {
      say(by('count').textContent, `The gateway did not answer: ${error.message}`);
    }
  }, true);

  function confirmed(text) {
    by('confirm-group').textContent = text;
    dialog.returnValue = 'cancel';
    dialog.showModal();
    return new Promise(done => dialog.addEventListener('close', () => done(dialog.returnValue === 'delete'), { once: true }));
  }

  document.addEventListener('submit', async event => {
    const form = event.target;
    if (!form.matches('form.delete')) return;
    event.preventDefault();
    const row = form.closest('tr');
    const text = row.querySelector('summary').textContent;
    // The dialog itself gives the focus back to the button where it is cancelled.
    if (!await confirmed(text)) return;
    const at = [...row.parentNode.children].indexOf(row);
    try {
      const answer = await fetch('metrics/' + form.elements.group.value, { method: 'DELETE' });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    } catch (error) {
      say(by('count').textContent, `Not deleted: ${error.message}`);
      return;
    }
    await show(here(), `Deleted ${text}. `);
    const left = document.querySelectorAll('form.delete button');
    (left[Math.min(at, left.length - 1)] ?? by('q')).focus();
  });
})();
