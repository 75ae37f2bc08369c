"""The console's dead letters. The queue has one entry that is not one."""

import re

from playwright.sync_api import expect

from support import axe, case, eventually, main, sign_in


@case
def dead_letters_are_shown_and_put_back(t):
    page = sign_in(t, "dead-letters")
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("not an entry")
    axe(page, "dead letters")
    page.get_by_role("button", name=re.compile("^Put back the entry")).click()
    expect(page.locator(".done")).to_have_text("The entry is put back.")
    # It cannot be settled, so it comes back.
    expect(figure_after(page)).to_have_count(1)
    page.get_by_role("button", name="Put back all").click()
    page.get_by_role("dialog").get_by_role("button", name="Put back all").click()
    expect(page.locator(".done")).to_contain_text("1 entry put back.")


def figure_after(page):
    """The rows, read again until there are some."""
    rows = page.get_by_role("table").locator("tbody tr")

    def again():
        page.get_by_role("button", name="Read again").click()
        page.wait_for_timeout(100)
        return rows.count() == 1

    eventually("the entry is a dead letter again", again, page=page)
    return rows


main()
