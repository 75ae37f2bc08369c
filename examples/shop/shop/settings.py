"""The settings of the shop, from the environment."""
import os
import pathlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    port: int
    tickets_url: str  # the API of TicketBlitz
    provider_url: str  # the payment provider
    public_url: str  # where others reach this shop
    state: pathlib.Path  # the folder of the database, the mail and the secrets
    price: int  # of one ticket, in cents
    admin_token: str | None  # of TicketBlitz, to register the webhook and to reconcile
    payment_secret: str  # signs the provider's callbacks

    @property
    def webhook_secret_file(self):
        """Holds the secret that TicketBlitz showed when the endpoint was registered."""
        return self.state / "webhook.secret"

    @staticmethod
    def of_environment():
        port = int(os.environ.get("SHOP_PORT", "9292"))
        state = pathlib.Path(os.environ.get("SHOP_STATE", ".run/shop"))
        state.mkdir(parents=True, exist_ok=True)
        return Settings(
            port=port,
            tickets_url=os.environ.get("TICKETS_URL", "http://127.0.0.1:9090"),
            provider_url=os.environ.get("PROVIDER_URL", "http://127.0.0.1:9393"),
            public_url=os.environ.get("SHOP_URL", f"http://127.0.0.1:{port}"),
            state=state,
            price=int(os.environ.get("SHOP_PRICE", "2500")),
            admin_token=os.environ.get("ADMIN_TOKEN"),
            payment_secret=os.environ.get("PAYMENT_SECRET", "whsec_ZXhhbXBsZSBvbmx5OiBjaGFuZ2UgdGhpcw=="),
        )
