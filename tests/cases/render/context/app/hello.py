app = str
