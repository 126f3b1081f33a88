"""`lotus chat`: a conversation with the running service over its HTTP API."""

import secrets

import httpx
import typer
from rich.console import Console
from rich.markup import escape


def chat(url: str, console: Console) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=15) as http:
        try:
            started = http.post("/api/conversations").raise_for_status().json()
        except httpx.HTTPError as problem:
            console.print(f"[red]Nothing answers at {url}[/] ({type(problem).__name__}). Start it with `make run`.")
            raise typer.Exit(1) from problem
        headers = {"Authorization": f"Bearer {started['token']}"}
        say(console, started["messages"])
        offered = buttons(started["messages"])
        while words := console.input("[bold]you>[/] ").strip():
            tapped = offered.get(words)
            content = {"payload": tapped} if tapped else {"text": words}
            body = {"client_id": secrets.token_hex(8)} | content
            answer = http.post(f"/api/conversations/{started['id']}/messages", json=body, headers=headers)
            if answer.is_error:
                console.print(f"[red]{escape(answer.json()['error']['message'])}[/]")
                continue
            replies = answer.json()["messages"][1:]
            say(console, replies)
            offered = buttons(replies)


def buttons(messages: list[dict]) -> dict[str, str]:
    """Numbers to type, for the last message's buttons that are sent as a payload."""
    last = messages[-1]["buttons"] if messages else []
    sent = [button for button in last if not button["payload"].startswith(("tel:", "sms:", "https:"))]
    return {str(number): button["payload"] for number, button in enumerate(sent, 1)}


def say(console: Console, messages: list[dict]) -> None:
    for message in messages:
        console.print(f"[cyan]{message['role']}[/] [dim]({message['kind']})[/] {escape(message['text'])}")
        numbers = {payload: number for number, payload in buttons([message]).items()}
        for button in message["buttons"]:
            mark = numbers.get(button["payload"], "·")
            console.print(f"   [bold]{mark}[/] {escape(button['title'])}")
        for source in message["sources"]:
            console.print(f"   [dim]{escape(source['title'])}[/]")
