import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def who():
    return {"user": os.getuid(), "service": "api"}
