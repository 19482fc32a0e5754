"""The service: GET / greets, GET /health answers for a load balancer."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def hello(name: str = "world"):
    return {"hello": name}


@app.get("/health")
def health():
    return {"ok": True}
