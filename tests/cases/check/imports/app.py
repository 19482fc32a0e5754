import careful
import quant

quant.run()
